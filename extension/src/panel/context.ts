import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Panel } from "../app/panel";

const PanelContext = createContext<Panel | null>(null);
export const PanelProvider = PanelContext.Provider;

export function usePanel(): Panel {
  const panel = useContext(PanelContext);
  if (!panel) throw new Error("rendered outside of a panel");
  return panel;
}
