// Light or dark: the system's choice unless the person makes one. A preference, kept by the page itself.
import { signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

const kept = localStorage.getItem("theme");
export const theme = signal<Theme>(kept === "light" || kept === "dark" ? kept : "auto");

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem("theme", chosen);
  showTheme();
}

export function showTheme(): void {
  document.documentElement.dataset.theme = theme.value;
}
