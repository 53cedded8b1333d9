// Address and token by hand. The other way, a click on the toolbar icon on the server's page, needs no typing.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { DEFAULT_SERVER, dialled, pastedAccess, serverAddress } from "../core/address";
import { Refused, Unproven } from "../core/trouble";
import { Card } from "./ConnectionCard";
import { usePanel } from "./context";

export function PairingCard(): JSX.Element {
  const panel = usePanel();
  const known = panel.link.access.value?.server ?? DEFAULT_SERVER;
  const server = useSignal(known);
  const token = useSignal("");
  const failed = useSignal("");
  const busy = useSignal(false);
  const isPage = panel.host.kind === "page";

  const connect = async (event: Event) => {
    event.preventDefault();
    const pasted = pastedAccess(token.value);
    const address = pasted.server ?? serverAddress(server.value);
    if (!address) {
      failed.value = "That is not an address; it looks like http://127.0.0.1:8000.";
      return;
    }
    busy.value = true;
    failed.value = "";
    try {
      await panel.link.pair({ server: isPage ? known : address, token: pasted.token || null });
      panel.pairing.value = false;
    } catch (error) {
      failed.value = whyNot(error, address);
    } finally {
      busy.value = false;
    }
  };

  return (
    <Card title="Connect to your server">
      <p>
        {isPage
          ? "Open the link that the server printed when it started, or paste its token here."
          : "Open the link that the server printed and click the FaultMaven icon in the toolbar there, or paste the token here."}
      </p>
      <form onSubmit={(event) => void connect(event)}>
        {!isPage && (
          <label>
            Server address
            <input type="text" inputMode="url" spellcheck={false} autocomplete="off" value={server.value} onInput={(event) => (server.value = event.currentTarget.value)} />
          </label>
        )}
        <label>
          Access token
          <input type="text" class="secret" spellcheck={false} autocomplete="off" value={token.value} onInput={(event) => (token.value = event.currentTarget.value)} />
        </label>
        {failed.value && (
          <p class="bad" role="alert">
            {failed.value}
          </p>
        )}
        <div class="row">
          <button type="submit" class="primary" disabled={busy.value}>
            Connect
          </button>
          {panel.pairing.value && (
            <button type="button" class="plain" onClick={() => (panel.pairing.value = false)}>
              Cancel
            </button>
          )}
        </div>
      </form>
      <p class="hint">
        The token of your own server is in the file <code>access-token</code> of its data folder. For a shared one, ask who
        runs it: <code>faultmaven token create</code> makes one.
      </p>
    </Card>
  );
}

function whyNot(error: unknown, address: string): string {
  const where = dialled(address);
  if (error instanceof Refused) return `${error.message} (correlation id ${error.correlationId})`;
  if (!(error instanceof Unproven)) return `No server answers at ${where}; is it running?`;
  switch (error.standing) {
    case "token_needed":
      return `The server at ${where} wants an access token.`;
    case "token_unknown":
      return `The server at ${where} does not know this token: it is mistyped, was revoked, or is for another server. Nothing was sent to it.`;
    case "wrong_proof":
      return `This token does not fit: it is mistyped, or something else is listening on ${where}. Nothing was sent to it.`;
    case "stopped_asking":
      return `The server at ${where} asks for no token, so it cannot prove that it is yours. Leave the token empty to use it all the same.`;
    default:
      return `Something else is listening on ${where}; nothing was sent to it.`;
  }
}
