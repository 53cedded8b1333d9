// One stroke, one size; every icon stands beside a word or in a button that has a name.
import type { JSX } from "preact";

const icon = (...paths: string[]) =>
  function Icon(): JSX.Element {
    return (
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
        {paths.map((d) => (
          <path d={d} />
        ))}
      </svg>
    );
  };

export const Plus = icon("M8 3v10M3 8h10");
export const List = icon("M3 4h10M3 8h10M3 12h6");
export const Gear = icon("M3 5h6M12 5h1M3 11h1M7 11h6", "M9 5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0", "M4 11a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0");
export const Clip = icon("M13 7.5 8.2 12.3a3 3 0 0 1-4.3-4.3l5-5a2 2 0 0 1 2.9 2.9l-5 5a1 1 0 0 1-1.5-1.4L9.800 5");
export const PageIcon = icon("M2.500 3.500h11v9h-11zM2.500 6.200h11", "M8 8v3M6.500 9.500h3");
export const Copy = icon("M6 6h7v7H6zM10 6V3H3v7h3");
export const Done = icon("M3 8.500l3.200 3.200L13 5");
export const Close = icon("M4 4l8 8M12 4l-8 8");
export const Pencil = icon("M3 13l.6-2.600L10.500 3.500l2 2L5.600 12.400z");
export const Bin = icon("M3 4.500h10M6.500 4.500V3h3v1.500M4.500 4.500l.6 8.500h5.800l.6-8.500");
export const Up = icon("M8 12.500V4M4.500 7.500 8 4l3.500 3.500");
export const Square = icon("M4.500 4.500h7v7h-7z");
export const Wrap = icon("M2.500 4h11M2.500 8h8.500a2 2 0 0 1 0 4H8M9.500 10.500 8 12l1.500 1.500");
