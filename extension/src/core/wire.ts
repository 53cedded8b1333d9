// The words of the contract under their own names. Generated types; nothing here is typed by hand.
import type { components } from "../contract";

type Schemas = components["schemas"];

export type AnyEvent = Schemas["AnyEvent"];
export type StreamedEvent = Schemas["StreamedEvent"];
export type Report = Schemas["Report"];
export type Citation = Schemas["Citation"];
export type Hypothesis = Schemas["Hypothesis"];
export type Check = Schemas["Check"];
export type Action = Schemas["Action"];
export type Onset = Schemas["Onset"];
export type Coverage = Schemas["Coverage"];
export type Moment = Schemas["Moment"];
export type Reason = Schemas["Reason"];
export type Risk = Check["risk"];
export type Verdict = Report["verdict"];
export type Case = Schemas["Case"];
export type CaseList = Schemas["CaseList"];
export type CaseStatus = Case["status"];
export type DeletedCase = Schemas["DeletedCase"];
export type EvidenceList = Schemas["EvidenceList"];
export type EventPage = Schemas["EventPage"];
export type Evidence = Schemas["Evidence"];
export type LinePage = Schemas["LinePage"];
export type Line = Schemas["Line"];
export type Matches = Schemas["Matches"];
export type OpenedSession = Schemas["OpenedSession"];
export type Session = Schemas["Session"];
export type PatchCase = Schemas["PatchCase"];
export type Ask = Schemas["Ask"];
export type QueryAnswer = Schemas["QueryAnswer"];
export type Capabilities = Schemas["Capabilities"];
export type ProblemBody = Schemas["ProblemBody"];
export type Rating = Schemas["Feedback"]["rating"];
