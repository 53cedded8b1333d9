import type { JSX } from "preact";
import type { Question } from "../core/fold";
import type { Rating } from "../core/wire";
import { usePanel } from "./context";

export function Helpful({ question }: { question: Question }): JSX.Element {
  const panel = usePanel();
  const button = (rating: Rating, label: string) => (
    <button type="button" class="quiet" aria-pressed={question.rating === rating} onClick={() => void panel.rate(question, rating)}>
      {label}
    </button>
  );
  return (
    <div class="helpful" role="group" aria-label="Did it help?">
      {button("helpful", "Helpful")}
      {button("not_helpful", "Not helpful")}
    </div>
  );
}
