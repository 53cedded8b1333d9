import { render } from "preact";
import { Panel } from "../app/panel";
import type { Host } from "../host/host";
import { App } from "./App";
import { PanelProvider } from "./context";
import { showTheme } from "./theme";
import "../styles/tokens.css";
import "../styles/panel.css";

/** The question box is on screen before anything is asked of storage, worker or server. */
export function mount(host: Host): void {
  showTheme();
  const panel = new Panel(host);
  const place = document.getElementById("app");
  if (!place) throw new Error("no place for the panel");
  render(
    <PanelProvider value={panel}>
      <App />
    </PanelProvider>,
    place,
  );
  panel.start();
}
