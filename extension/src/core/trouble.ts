// What can go wrong between panel and server.
//
//   Trouble
//   ├── Unreachable   nothing answered
//   ├── Unproven      something answered, but not as the server this panel knows
//   └── Refused       the server answered with a problem
import type { Standing } from "./proof";
import type { ProblemBody } from "./wire";

export abstract class Trouble extends Error {
  abstract readonly correlationId: string;
}

export class Unreachable extends Trouble {
  constructor(readonly correlationId: string) {
    super("The server did not answer.");
  }
}

export class Unproven extends Trouble {
  readonly correlationId = "";
  constructor(readonly standing: Standing) {
    super("The server did not prove itself.");
  }
}

export class Refused extends Trouble {
  readonly correlationId: string;
  constructor(readonly problem: ProblemBody) {
    super(problem.detail);
    this.correlationId = problem.correlation_id;
  }
  get code(): string {
    return this.problem.code;
  }
}

/** As it travels between worker and panel, where classes do not. */
export type ToldTrouble =
  | { kind: "unreachable"; correlationId: string }
  | { kind: "unproven"; standing: Standing }
  | { kind: "refused"; problem: ProblemBody };

export function told(error: unknown): ToldTrouble | null {
  if (error instanceof Unreachable) return { kind: "unreachable", correlationId: error.correlationId };
  if (error instanceof Unproven) return { kind: "unproven", standing: error.standing };
  if (error instanceof Refused) return { kind: "refused", problem: error.problem };
  return null;
}

export function heard(trouble: ToldTrouble): Trouble {
  switch (trouble.kind) {
    case "unreachable":
      return new Unreachable(trouble.correlationId);
    case "unproven":
      return new Unproven(trouble.standing);
    case "refused":
      return new Refused(trouble.problem);
  }
}

export const isCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Refused && codes.includes(error.code);
