// Three small real-looking logs that work without any set-up.
import postgres from "./postgresql.log?raw";
import start from "./start.log?raw";
import thumbnailer from "./thumbnailer.log?raw";

export interface Example {
  name: string;
  about: string;
  question: string;
  content: string;
}

export const EXAMPLES: readonly Example[] = [
  {
    name: "thumbnailer.log",
    about: "a service that does not stay up",
    question: "Why does the thumbnailer keep restarting?",
    content: thumbnailer,
  },
  {
    name: "postgresql.log",
    about: "a database that turns callers away",
    question: "Orders fail since about 14:02. Why?",
    content: postgres,
  },
  { name: "start.log", about: "a program that will not start", question: "Why does it not start?", content: start },
];
