// Where the user has a live session: each can be ended from here.
import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { devices, named, type Device } from "../core/sessions";
import { Refused } from "../core/trouble";
import { usePanel } from "./context";
import { SessionWhy } from "./SessionWhy";
import { Sheet } from "./Sheet";
import { Time } from "./Time";

export function DevicesSheet(): JSX.Element {
  const panel = usePanel();
  const found = useSignal<Device[] | null>(null);
  const failed = useSignal("");
  const done = useSignal("");
  const latest = useRef(0);
  const list = useRef<HTMLUListElement>(null);

  const load = async () => {
    const mine = (latest.current += 1);
    // Looking is no reason for a new session: this list also shows that this one was ended.
    const { server, session } = panel.link;
    try {
      const { sessions } = (await server?.sessions()) ?? { sessions: [] };
      if (mine !== latest.current) return;
      found.value = devices(sessions, session?.session_id ?? null);
      failed.value = "";
    } catch (error) {
      failed.value = error instanceof Refused ? error.message : "The devices cannot be listed without a connection.";
    }
  };
  useSignalEffect(() => {
    void panel.devices.changed.value;
    void panel.link.state.value.at;
    void load();
  });

  const others = found.value?.filter((one) => !one.mine) ?? [];
  const end = async (one: Device) => {
    if (await panel.devices.end(one.sessionId)) done.value = `${named(one)} was ended.`;
    // The button that had the focus goes away with its device.
    list.current?.focus();
  };
  const endOthers = async () => {
    if (await panel.devices.endOthers()) done.value = "All others were ended.";
    list.current?.focus();
  };
  return (
    <Sheet title="Devices">
      {failed.value && <p class="bad">{failed.value}</p>}
      <p class="hint">Where you are connected to this server. Ending one closes it there until it is used again; your cases stay.</p>
      <p class="done" role="status">
        {done.value}
      </p>
      <ul class="devices" ref={list} tabIndex={-1} aria-label="Live sessions">
        {found.value?.map((one) => (
          <DeviceRow key={one.sessionId} one={one} end={() => void end(one)} />
        ))}
      </ul>
      {found.value && others.length === 0 && <p class="hint">{found.value.length > 0 ? "Only this one." : "None just now."}</p>}
      {others.length > 1 && (
        <button type="button" class="plain" onClick={() => void endOthers()}>
          End all others ({others.length})
        </button>
      )}
    </Sheet>
  );
}

function DeviceRow({ one, end }: { one: Device; end: () => void }): JSX.Element {
  return (
    <li class={one.mine ? "mine" : ""} aria-current={one.mine || undefined}>
      <p>
        <b>{one.name}</b> {one.mine && <span class="badge">This one</span>}
        {one.runsIn && <span class="runs-in">{one.runsIn}</span>}
        <span class="hint">
          Last used <Time at={one.seenAt} />, opened <Time at={one.openedAt} />
          {one.mine && one.previous && " in place of an earlier session"}
        </span>
      </p>
      {one.mine && one.previous && <SessionWhy sessionId={one.previous} />}
      {!one.mine && (
        <button type="button" class="plain" aria-label={`End ${named(one)}`} onClick={end}>
          End {one.name}
        </button>
      )}
    </li>
  );
}
