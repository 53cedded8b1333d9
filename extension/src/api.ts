// The only place that touches the network.
//
// Nothing worth having (token, question, evidence) leaves before the server has proven itself, and every cut
// connection takes the proof back: somebody else may hold the port by then.
import type { About } from "./core/about";
import { judge, newChallenge, tokenId, type Standing } from "./core/proof";
import { FrameReader } from "./core/sse";
import { Refused, Trouble, Unproven, Unreachable } from "./core/trouble";
import type {
  Ask,
  Case,
  CaseList,
  DeletedCase,
  EndedOthers,
  Evidence,
  EvidenceList,
  EventPage,
  LinePage,
  Matches,
  OpenedSession,
  PatchCase,
  ProblemBody,
  QueryAnswer,
  Rating,
  Session,
  SessionDiagnosis,
  SessionList,
  StreamedEvent,
} from "./core/wire";

const PROOF_LASTS_MS = 5000;
const ANSWER_WITHIN_MS = 10_000;
const STREAM_SILENT_MS = 45_000; // the server says something every 15 s

export interface Sent {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  json?: unknown;
  body?: Blob;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export interface NewEvidence {
  name: string;
  content: Blob;
  answersCheck?: string | undefined;
}

/** `tag` names the state it was in when it was read. */
export type Tagged<T> = T & { tag: string };

export class Server {
  #standing: Standing | null = null;
  #provenAt = 0;
  #proving: Promise<Standing> | null = null;

  constructor(
    readonly address: string,
    readonly token: string | null,
  ) {}

  get open(): boolean {
    return this.#standing === "no_token_needed";
  }

  /** Asks who is there. Sends nothing but a random number. */
  prove(): Promise<Standing> {
    this.#proving ??= this.#prove().finally(() => (this.#proving = null));
    return this.#proving;
  }

  /** The connection was cut: whoever answers next has to prove itself. */
  doubt(): void {
    this.#standing = null;
    this.#provenAt = 0;
  }

  /** `about` becomes all the metadata there is, also of a session that is resumed; left out, they stay as they are. */
  openSession(clientId: string, about?: About): Promise<OpenedSession> {
    const metadata = about ? { metadata: about } : {};
    return this.#json("sessions", { method: "POST", json: { client_id: clientId, ...metadata } });
  }

  /** Merged into the metadata that the session has. */
  tellAbout(sessionId: string, about: About): Promise<Session> {
    return this.#json(`sessions/${sessionId}`, { method: "PATCH", json: { metadata: about } });
  }

  sessions(): Promise<SessionList> {
    return this.#json("sessions");
  }

  async endSession(id: string): Promise<void> {
    await this.#send(`sessions/${id}`, { method: "DELETE" });
  }

  endOthers(mine: string): Promise<EndedOthers> {
    return this.#json(`sessions/${mine}/end-others`, { method: "POST" });
  }

  /** What happened to a session, whatever its state. */
  diagnosis(sessionId: string): Promise<SessionDiagnosis> {
    return this.#json(`sessions/${encodeURIComponent(sessionId)}/diagnosis`);
  }

  session(id: string): Promise<Session> {
    return this.#json(`sessions/${id}`);
  }

  setOpenCase(sessionId: string, caseId: string | null): Promise<Session> {
    return this.#json(`sessions/${sessionId}`, { method: "PATCH", json: { case_id: caseId } });
  }

  openCase(): Promise<Case> {
    return this.#json("cases", { method: "POST" });
  }

  async case(id: string): Promise<Tagged<Case>> {
    return tagged(await this.#send(`cases/${id}`, {}));
  }

  cases(search: string, cursor: string | null): Promise<CaseList> {
    return this.#json(`cases?${query({ q: search, cursor, limit: 30 })}`);
  }

  /** Only if it is still as `tag` says; else Refused `precondition_failed`. */
  patchCase(id: string, patch: PatchCase, tag: string): Promise<Case> {
    return this.#json(`cases/${id}`, { method: "PATCH", json: patch, headers: { "If-Match": tag } });
  }

  deleteCase(id: string): Promise<DeletedCase> {
    return this.#json(`cases/${id}`, { method: "DELETE" });
  }

  restoreCase(id: string): Promise<Case> {
    return this.#json(`cases/${id}/restore`, { method: "POST" });
  }

  caseEvents(id: string, after: number): Promise<EventPage> {
    return this.#json(`cases/${id}/events?${query({ after, limit: 200 })}`);
  }

  addEvidence(caseId: string, evidence: NewEvidence, signal?: AbortSignal): Promise<Evidence> {
    const named = query({ name: evidence.name, answers_check: evidence.answersCheck });
    return this.#json(`cases/${caseId}/evidence?${named}`, {
      method: "POST",
      body: evidence.content,
      // Bytes: what they are, the server finds out by reading them.
      headers: { "Content-Type": "application/octet-stream" },
      signal,
    });
  }

  evidence(caseId: string): Promise<EvidenceList> {
    return this.#json(`cases/${caseId}/evidence`);
  }

  async deleteEvidence(evidenceId: string): Promise<void> {
    await this.#send(`evidence/${evidenceId}`, { method: "DELETE" });
  }

  lines(evidenceId: string, from: number, to: number, column = 0): Promise<LinePage> {
    return this.#json(`evidence/${evidenceId}/lines?${query({ from, to, column: column || null })}`);
  }

  search(evidenceId: string, text: string): Promise<Matches> {
    return this.#json(`evidence/${evidenceId}/search?${query({ q: text })}`);
  }

  /** Stores the question; the answer comes over the stream. The same key asks the same question only once. */
  ask(question: Ask, key: string): Promise<QueryAnswer> {
    return this.#json("query", {
      method: "POST",
      json: question,
      headers: { Prefer: "respond-async", "Idempotency-Key": key },
    });
  }

  cancel(queryId: string): Promise<QueryAnswer> {
    return this.#json(`queries/${queryId}/cancel`, { method: "POST" });
  }

  async rate(queryId: string, rating: Rating): Promise<void> {
    await this.#send(`queries/${queryId}/feedback`, { method: "POST", json: { rating } });
  }

  /** Everything that concerns this user, after a number, live. Ends when the server closes it; throws when it is cut. */
  async *follow(sessionId: string, after: number, signal: AbortSignal): AsyncGenerator<StreamedEvent> {
    const cut = new AbortController();
    const stop = () => cut.abort();
    signal.addEventListener("abort", stop);
    let silence = setTimeout(stop, STREAM_SILENT_MS);
    try {
      const response = await this.#send(`sessions/${sessionId}/events?after=${after}`, {
        headers: { Accept: "text/event-stream" },
        signal: cut.signal,
      });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const frames = new FrameReader();
      while (reader) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(stop, STREAM_SILENT_MS);
        for (const frame of frames.read(value)) yield JSON.parse(frame.data) as StreamedEvent;
      }
    } catch (error) {
      throw error instanceof Trouble ? error : new Unreachable("");
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      cut.abort();
      this.doubt();
    }
  }

  async #prove(): Promise<Standing> {
    const challenge = newChallenge();
    const correlation = newCorrelationId();
    const asked = query({ challenge, token_id: tokenId(this.token) });
    const response = await this.#fetch(`capabilities?${asked}`, { correlation, within: 5000 });
    const said: unknown = await response.json().catch(() => null);
    this.#standing = await judge(said, this.token, this.address, challenge);
    this.#provenAt = Date.now();
    return this.#standing;
  }

  async #trusted(): Promise<void> {
    const fresh = this.#standing !== null && Date.now() - this.#provenAt < PROOF_LASTS_MS;
    const standing = fresh && this.#standing ? this.#standing : await this.prove();
    if (standing !== "proven" && standing !== "no_token_needed") throw new Unproven(standing);
  }

  async #json<T>(path: string, sent: Sent = {}): Promise<T> {
    const response = await this.#send(path, sent);
    return (await response.json()) as T;
  }

  async #send(path: string, sent: Sent): Promise<Response> {
    await this.#trusted();
    const correlation = newCorrelationId();
    const headers: Record<string, string> = { ...sent.headers };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (sent.json !== undefined) headers["Content-Type"] = "application/json";
    const body = sent.json === undefined ? sent.body : JSON.stringify(sent.json);
    const response = await this.#fetch(path, {
      correlation,
      // An upload takes as long as it takes, and a stream has its own clock.
      within: sent.body || sent.signal ? null : ANSWER_WITHIN_MS,
      method: sent.method ?? "GET",
      headers,
      body: body ?? null,
      signal: sent.signal,
    });
    if (!response.ok) throw new Refused(await problemOf(response, correlation));
    return response;
  }

  async #fetch(path: string, sent: Fetched): Promise<Response> {
    const signals = [sent.signal, sent.within === null ? undefined : AbortSignal.timeout(sent.within)];
    try {
      return await fetch(`${this.address}/api/v1/${path}`, {
        method: sent.method ?? "GET",
        headers: { ...sent.headers, "X-Correlation-ID": sent.correlation },
        body: sent.body ?? null,
        signal: AbortSignal.any(signals.filter((signal) => signal !== undefined)),
        // A redirect could carry the token to somebody else.
        redirect: "error",
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
      });
    } catch (error) {
      if (sent.signal?.aborted) throw error;
      this.doubt();
      throw new Unreachable(sent.correlation);
    }
  }
}

interface Fetched {
  correlation: string;
  within: number | null;
  method?: string;
  headers?: Record<string, string>;
  body?: BodyInit | null;
  signal?: AbortSignal | undefined;
}

const tagged = async <T>(response: Response): Promise<Tagged<T>> => ({
  ...((await response.json()) as T),
  tag: response.headers.get("ETag") ?? "",
});

function query(values: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === null || value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  return new URLSearchParams(given).toString();
}

const newCorrelationId = (): string => `panel-${crypto.randomUUID()}`;

async function problemOf(response: Response, correlation: string): Promise<ProblemBody> {
  const said: unknown = await response.json().catch(() => null);
  if (typeof said === "object" && said !== null && "code" in said && "detail" in said) return said as ProblemBody;
  return {
    type: "about:blank",
    title: "Unexpected answer",
    status: response.status,
    detail: `The server answered ${response.status} without saying why.`,
    code: "unexpected",
    recovery: "retry",
    correlation_id: response.headers.get("X-Correlation-ID") ?? correlation,
  };
}
