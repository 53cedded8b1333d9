// What stands between the panel and its server, in its own words, with the one way out.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Panel } from "../app/panel";
import { dialled } from "../core/address";
import type { Connection } from "../core/connection";
import { visible } from "../core/visible";
import { usePanel } from "./context";
import { PairingCard } from "./PairingCard";
import { EndedCard } from "./EndedCard";
import { SessionWhy } from "./SessionWhy";

/** A short interruption needs no card: the status line tells it, and by then it is usually over. */
const PATIENCE = 2;

/** Whether something has to be told or decided before one can go on. */
export function inTheWay(panel: Panel): boolean {
  const state = panel.link.state.value;
  if (panel.offer.value || panel.pairing.value) return true;
  if (state.at === "waiting") return state.attempt >= PATIENCE;
  return !["starting", "connecting", "connected"].includes(state.at);
}

export function ConnectionCard(): JSX.Element | null {
  const panel = usePanel();
  const state = panel.link.state.value;
  if (!inTheWay(panel)) return null;
  if (panel.offer.value) return <OfferCard />;
  if (panel.pairing.value || (state.at === "unpaired" && !panel.conversation.view.value)) return <PairingCard />;
  return <Trouble state={state} />;
}

function OfferCard(): JSX.Element {
  const panel = usePanel();
  const failed = useSignal("");
  const server = panel.offer.value?.server ?? "";
  const connect = () =>
    panel.acceptOffer().catch(() => (failed.value = `What answers at ${server} did not prove itself; nothing was sent to it.`));
  return (
    <Card title={`Connect to ${server}?`}>
      <p>This panel will send your questions and evidence to this server, and nowhere else.</p>
      {failed.value && <p class="bad">{failed.value}</p>}
      <div class="row">
        <button type="button" class="primary" onClick={() => void connect()}>
          Connect
        </button>
        <button type="button" class="plain" onClick={() => void panel.refuseOffer()}>
          Not now
        </button>
      </div>
    </Card>
  );
}

function Trouble({ state }: { state: Connection }): JSX.Element | null {
  const panel = usePanel();
  const server = panel.link.access.value?.server ?? "the server";
  const address = server.startsWith("http") ? dialled(server) : server;
  const tryAgain = <Way label="Try again" act={() => panel.link.retry()} />;
  const withWhy = (way: JSX.Element) => (
    <>
      {way}
      <SessionWhy correlationId={"correlationId" in state ? state.correlationId : ""} />
    </>
  );
  const pair = (label: string) => <Way label={label} act={() => (panel.pairing.value = true)} />;
  switch (state.at) {
    case "starting":
    case "connecting":
    case "connected":
      return null;
    case "unpaired":
      return (
        <Card title="Connect to your server" way={pair("Enter the token")}>
          <p>The server at {address} wants an access token and this panel has none that fits.</p>
        </Card>
      );
    case "signed_out":
      return (
        <Card title={`Signed out of ${address}`} way={pair("Enter another token")}>
          <p>{visible(state.detail) || "The server does not take this panel's access token: it was revoked, or is not for this server."}</p>
          <p>
            Whoever runs the server makes a new one with <code>faultmaven token create</code>. Your cases are safe there, and
            what you typed is kept.
          </p>
          <Correlation id={state.correlationId} />
        </Card>
      );
    case "waiting":
      return state.why === "offline" ? (
        <Card title="This computer is offline" way={tryAgain}>
          <p>The server at {address} cannot be reached until the network is back. What you typed is kept.</p>
        </Card>
      ) : (
        <Card title={`No server answers at ${address}`} way={tryAgain}>
          <p>
            Start it with <code>make run</code> or <code>faultmaven serve</code>; this panel connects by itself. What you
            typed is kept.
          </p>
          {panel.host.kind === "extension" && (
            <p>
              Has it moved?{" "}
              <button type="button" class="link" onClick={() => (panel.pairing.value = true)}>
                Change the address
              </button>
            </p>
          )}
        </Card>
      );
    case "stranger":
      return (
        <Card title={`Something else is listening on ${address}; nothing was sent to it.`} way={pair("Enter another token")} bad>
          <p>It could not prove that it is your FaultMaven server. If you gave the server a new data folder, it has a new token.</p>
        </Card>
      );
    case "stopped_asking":
      return (
        <Card
          title={`The server at ${address} no longer asks for a token; nothing was sent to it.`}
          way={<Way label="Use it without a token" act={() => panel.link.pair({ server, token: null })} />}
          bad
        >
          <p>Without a token it cannot prove that it is yours. Go on only if you turned the token off yourself.</p>
        </Card>
      );
    case "ended":
      return <EndedCard correlationId={state.correlationId} />;
    case "refused":
      return (
        <Card title="The server could not do this" way={withWhy(tryAgain)}>
          <p>{visible(state.detail)}</p>
          <Correlation id={state.correlationId} />
        </Card>
      );
  }
}

interface CardProps {
  title: string;
  way?: JSX.Element;
  bad?: boolean;
  children: ComponentChildren;
}

export function Card({ title, way, bad = false, children }: CardProps): JSX.Element {
  // It is what matters now: it comes into sight, wherever the conversation was scrolled to.
  const place = useRef<HTMLElement>(null);
  useLayoutEffect(() => place.current?.scrollIntoView({ block: "nearest" }), [title]);
  return (
    <section class={bad ? "card bad" : "card"} role={bad ? "alert" : "group"} aria-label={title} ref={place}>
      <h2>{title}</h2>
      {children}
      {way && <div class="row">{way}</div>}
    </section>
  );
}

export function Way({ label, act }: { label: string; act: () => unknown }): JSX.Element {
  return (
    <button type="button" class="primary" onClick={() => void act()}>
      {label}
    </button>
  );
}

export function Correlation({ id }: { id: string }): JSX.Element | null {
  return id ? <p class="correlation">Correlation id {id}</p> : null;
}
