import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { serverAddress } from "../core/address";
import { usePanel } from "./context";
import { Sheet } from "./Sheet";
import { chooseTheme, theme, type Theme } from "./theme";

export function SettingsSheet(): JSX.Element {
  const panel = usePanel();
  const { kind, version } = panel.host;
  const access = panel.link.access.value;
  return (
    <Sheet title="Settings">
      <div class="settings">
        {kind === "extension" ? <Address /> : <p>This page belongs to the server at {access?.server}.</p>}
        <div>
          <p class="hint">Where else you are connected to this server, and how to end it there.</p>
          <button type="button" class="plain" onClick={() => (panel.sheet.value = { kind: "devices" })}>
            Devices
          </button>
        </div>
        <label>
          Theme
          <select value={theme.value} onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}>
            <option value="auto">Like the system</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </label>
        {access?.token && (
          <div>
            <p class="hint">Disconnecting forgets the token on this device. Cases stay on the server.</p>
            <button
              type="button"
              class="plain"
              onClick={() => {
                panel.sheet.value = null;
                void panel.link.disconnect();
              }}
            >
              Disconnect
            </button>
          </div>
        )}
        <p class="hint">
          FaultMaven {version}
          {panel.link.session && panel.link.state.value.at === "connected" && (
            <>
              <br />
              Session <code data-session>{panel.link.session.session_id}</code>
            </>
          )}
        </p>
      </div>
    </Sheet>
  );
}

/** Another address is another server: it is proven before it gets anything, and needs its own token. */
function Address(): JSX.Element {
  const panel = usePanel();
  const access = panel.link.access.value;
  const typed = useSignal(access?.server ?? "");
  const failed = useSignal("");
  const save = async (event: Event) => {
    event.preventDefault();
    const server = serverAddress(typed.value);
    if (!server) {
      failed.value = "That is not an address; it looks like http://127.0.0.1:8000.";
      return;
    }
    failed.value = "";
    await panel.host.keepAccess({ server, token: access?.token ?? null });
    panel.sheet.value = null;
    await panel.link.retry();
  };
  return (
    <form onSubmit={(event) => void save(event)}>
      <label>
        Server address
        <input type="text" inputMode="url" spellcheck={false} value={typed.value} onInput={(event) => (typed.value = event.currentTarget.value)} />
      </label>
      {failed.value && <p class="bad">{failed.value}</p>}
      <div class="row">
        <button type="submit" class="plain" disabled={typed.value === access?.server}>
          Use this address
        </button>
      </div>
    </form>
  );
}
