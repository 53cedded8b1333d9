// This device's session was ended: when, from where, and that nothing is lost by it.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { explain, type Explained } from "../app/devices";
import { closedBy } from "../core/sessions";
import { Card, Correlation, Way } from "./ConnectionCard";
import { usePanel } from "./context";
import { SessionWhy } from "./SessionWhy";
import { Time } from "./Time";

export function EndedCard({ correlationId }: { correlationId: string }): JSX.Element {
  const panel = usePanel();
  const found = useSignal<Explained | null>(null);
  useEffect(() => {
    const ask = async () => {
      const id = await panel.host.rememberedSession();
      if (id && panel.link.server) found.value = await explain(panel.link.server, id);
    };
    // What cannot be had now is had by "Why?", which says what was in the way.
    void ask().catch(() => {});
  }, [correlationId]);
  const ways = (
    <>
      <Way label="Open a new session" act={() => panel.link.renew()} />
      <SessionWhy correlationId={correlationId} />
    </>
  );
  return (
    <Card title="This device's session was ended" way={ways}>
      <p>{found.value ? <Ended explained={found.value} /> : "It was ended from elsewhere."}</p>
      <p>Your cases are safe and what you typed is kept. Your next question opens a new session.</p>
      <Correlation id={correlationId} />
    </Card>
  );
}

function Ended({ explained: { diagnosis, by } }: { explained: Explained }): JSX.Element {
  return (
    <>
      It was ended {closedBy(diagnosis, by)}
      {diagnosis.closed_at && (
        <>
          , <Time at={diagnosis.closed_at} />
        </>
      )}
      .
    </>
  );
}
