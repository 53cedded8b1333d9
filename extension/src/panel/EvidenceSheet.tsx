// Evidence as it is: numbered lines, the cited ones marked and in sight, more above and below on demand.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Cited } from "../app/panel";
import { counted, number } from "../core/format";
import { severity } from "../core/severity";
import { Trouble } from "../core/trouble";
import { oneLine, visible } from "../core/visible";
import type { Line } from "../core/wire";
import { usePanel } from "./context";
import { EvidenceStrip } from "./EvidenceStrip";
import { Wrap } from "./icons";
import { Sheet } from "./Sheet";

const BEFORE = 60;
const STEP = 200;
/** Characters before a cited column that are shown with it. */
const LEAD = 120;

interface Loaded {
  lines: Line[];
  total: number;
}

export function EvidenceSheet({ evidenceId, name, at }: { evidenceId: string; name: string; at: Cited | null }): JSX.Element {
  const panel = usePanel();
  const shown = panel.conversation.view.value?.items.find((one) => one.kind === "evidence" && one.evidenceId === evidenceId);
  const deleted = shown?.kind === "evidence" && shown.deleted;
  const called = oneLine(panel.evidenceNames.value.get(evidenceId) ?? name);
  const loaded = useSignal<Loaded | null>(null);
  const failed = useSignal("");
  const wrap = useSignal(true);
  const goal = useSignal(at?.first ?? 1);
  const body = useRef<HTMLDivElement>(null);

  const fetchLines = async (from: number, to: number): Promise<Loaded | null> => {
    try {
      const { server } = await panel.link.forAction();
      const page = await server.lines(evidenceId, Math.max(1, from), to);
      return { lines: page.lines, total: page.total };
    } catch (error) {
      failed.value = error instanceof Trouble ? error.message : "The evidence cannot be read without a connection.";
      return null;
    }
  };
  const fetchColumns = async (n: number, column: number): Promise<void> => {
    const { server } = await panel.link.forAction();
    const [line] = (await server.lines(evidenceId, n, n, column)).lines;
    if (line && loaded.value) {
      loaded.value = { ...loaded.value, lines: loaded.value.lines.map((one) => (one.n === n ? line : one)) };
    }
  };
  const goTo = async (line: number) => {
    const page = await fetchLines(line - BEFORE, line - BEFORE + STEP);
    if (!page) return;
    loaded.value = page;
    goal.value = line;
    if (at?.column && line === at.first) await fetchColumns(line, Math.max(0, at.column - LEAD)).catch(() => {});
  };
  const more = async (up: boolean) => {
    const have = loaded.value;
    const first = have?.lines[0]?.n ?? 1;
    const last = have?.lines.at(-1)?.n ?? 0;
    const page = await (up ? fetchLines(first - STEP, first - 1) : fetchLines(last + 1, last + STEP));
    if (!page || !have) return;
    const height = body.current?.scrollHeight ?? 0;
    loaded.value = { total: page.total, lines: up ? [...page.lines, ...have.lines] : [...have.lines, ...page.lines] };
    // What was read stays where it was when lines are put above it.
    if (up) requestAnimationFrame(() => body.current && (body.current.scrollTop += body.current.scrollHeight - height));
  };

  useEffect(() => void goTo(goal.value), []);
  useLayoutEffect(() => {
    const row = body.current?.querySelector(`[data-line="${goal.value}"]`);
    if (!row || !body.current) return;
    const top = row.getBoundingClientRect().top - body.current.getBoundingClientRect().top;
    body.current.scrollTop += top - body.current.clientHeight / 5;
  }, [goal.value, loaded.value !== null]);

  const { lines = [], total = 0 } = loaded.value ?? {};
  const first = lines[0]?.n ?? 1;
  const last = lines.at(-1)?.n ?? 0;
  if (deleted) {
    return (
      <Sheet title={called}>
        <p>This evidence was deleted, and what was answered from it with it.</p>
      </Sheet>
    );
  }
  const tools = (
    <>
      <div class="tools">
        <Search evidenceId={evidenceId} goTo={(line) => void goTo(line)} />
        <button type="button" class="quiet" aria-pressed={wrap.value} onClick={() => (wrap.value = !wrap.value)}>
          <Wrap /> Wrap
        </button>
      </div>
      <EvidenceStrip evidenceId={evidenceId} total={total} goTo={(line) => void goTo(line)} />
    </>
  );
  return (
    <Sheet title={called} tools={tools}>
      {failed.value && <p class="bad">{failed.value}</p>}
      <div class={wrap.value ? "lines wrap" : "lines"} ref={body} tabIndex={0} role="region" aria-label={`Lines of ${called}`}>
        {first > 1 && (
          <button type="button" class="plain more" onClick={() => void more(true)}>
            Earlier lines
          </button>
        )}
        {lines.map((line) => (
          <Row
            key={line.n}
            line={line}
            cited={at !== null && line.n >= at.first && line.n <= at.last}
            found={line.n === goal.value && line.n !== at?.first && goal.value !== 1}
            digits={String(last).length}
            read={(column) => void fetchColumns(line.n, column)}
          />
        ))}
        {last < total && (
          <button type="button" class="plain more" onClick={() => void more(false)}>
            Later lines
          </button>
        )}
        {loaded.value && total === 0 && <p class="hint">There is nothing in it.</p>}
      </div>
      <p class="hint foot">
        {total > 0 && `Lines ${number(first)} to ${number(last)} of ${counted(total, "line")}`}
      </p>
    </Sheet>
  );
}

interface RowProps {
  line: Line;
  cited: boolean;
  found: boolean;
  digits: number;
  read: (column: number) => void;
}

const MARK = { error: "E", warning: "W" } as const;

function Row({ line, cited, found, digits, read }: RowProps): JSX.Element {
  const bad = severity(line.text);
  const shown = [...line.text].length;
  const left = line.length - line.column - shown;
  return (
    <div class={`line ${bad ?? ""} ${cited ? "cited" : ""} ${found ? "found" : ""}`} data-line={line.n} aria-current={cited || undefined}>
      <span class="n" style={{ minWidth: `calc(${digits}ch + 12px)` }}>
        {line.n}
      </span>
      <span class="mark" title={bad ?? undefined} aria-hidden="true">
        {bad ? MARK[bad] : " "}
      </span>
      <span class="text">
        {line.column > 0 && (
          <button type="button" class="link" onClick={() => read(0)}>
            … from its beginning
          </button>
        )}
        {visible(line.text) || " "}
        {left > 0 && (
          <button type="button" class="link" onClick={() => read(line.column + shown)}>
            {counted(left, "more character")} …
          </button>
        )}
      </span>
    </div>
  );
}

function Search({ evidenceId, goTo }: { evidenceId: string; goTo: (line: number) => void }): JSX.Element {
  const panel = usePanel();
  const text = useSignal("");
  const found = useSignal<number[] | null>(null);
  const index = useSignal(0);
  const asked = useRef("");

  const step = (by: number) => {
    const lines = found.value;
    if (!lines || lines.length === 0) return;
    index.value = (index.value + by + lines.length) % lines.length;
    goTo(lines[index.value] ?? 1);
  };
  const search = async (event: Event) => {
    event.preventDefault();
    const wanted = text.value;
    if (!wanted) return;
    if (wanted === asked.current) return step(1);
    asked.current = wanted;
    try {
      const { server } = await panel.link.forAction();
      found.value = (await server.search(evidenceId, wanted)).matches.map(({ n }) => n);
    } catch {
      found.value = [];
    }
    index.value = 0;
    step(0);
  };
  return (
    <form class="search" onSubmit={(event) => void search(event)}>
      <input type="search" aria-label="Search in this evidence" placeholder="Search" value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
      {found.value && (
        <span class="hint" role="status">
          {found.value.length === 0 ? "not found" : `${index.value + 1} of ${found.value.length}`}
        </span>
      )}
    </form>
  );
}
