// A case gets another name, unless somebody else gave it one meanwhile: then the person chooses.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { oneLine } from "../core/visible";
import type { Case } from "../core/wire";
import { usePanel } from "./context";

export function Rename({ one, close }: { one: Case; close: () => void }): JSX.Element {
  const panel = usePanel();
  const title = useSignal(one.title);
  /** What the person saw when they began, though the list may have changed since. */
  const seen = useSignal(one.title);
  const theirs = useSignal<string | null>(null);

  const save = async (event: Event) => {
    event.preventDefault();
    const named = title.value.trim();
    if (!named || named === seen.value) return close();
    const renamed = await panel.cases.rename(one.case_id, seen.value, named);
    if (renamed === null || renamed === named) return close();
    theirs.value = seen.value = renamed;
  };
  return (
    <li>
      <form class="rename" onSubmit={(event) => void save(event)}>
        <input
          type="text"
          aria-label="Title"
          maxLength={200}
          value={title.value}
          ref={(box) => box?.focus()}
          onInput={(event) => (title.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.preventDefault();
            event.stopPropagation();
            close();
          }}
        />
        {theirs.value === null ? (
          <button type="submit" class="primary">
            Save
          </button>
        ) : (
          <div class="notice" role="alert">
            <p>Meanwhile it was renamed to “{oneLine(theirs.value)}”.</p>
            <div class="row">
              <button type="submit" class="plain">
                Use my title
              </button>
              <button type="button" class="plain" onClick={close}>
                Leave theirs
              </button>
            </div>
          </div>
        )}
      </form>
    </li>
  );
}
