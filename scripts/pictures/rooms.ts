/** The rooms of the source and what each stands on, as scripts/rooms.ts has them: base at the bottom. */
import { INK, ORANGE, PALE } from "../../report/vega.ts";
import { neverOf, onOf, type Room, rooms } from "../rooms.ts";
import type { Drawing } from "./drawing.ts";

const ROOMS_TITLE = "Rooms of the source: each may import those that arrows lead to, and all below them";
const BOX = { width: 150, height: 34 };
const ROW = 50;
const LANE = 180;
const MARGIN = 14;
const TOP = 44;

/** Rooms that stand beside the middle. */
const BESIDE: Readonly<Record<string, -1 | 1>> = { rtl: -1, data: 1, golden: 1 };
const laneOf = ({ name }: Room): number => BESIDE[name] ?? 0;

/** Rows between a room and the lowest. */
const heightOf = (room: Room): number => Math.max(-1, ...onOf(room).map(heightOf)) + 1;
const top = Math.max(...rooms.map(heightOf));

const middleOf = (room: Room) => ({
  x: MARGIN + LANE + BOX.width / 2 + laneOf(room) * LANE,
  y: TOP + (top - heightOf(room)) * ROW + BOX.height / 2,
});

/** From a room to one it stands on; the corner, if there is one, is in the outer of their lanes. */
function arrow(from: Room, to: Room): string {
  const [a, b] = [middleOf(from), middleOf(to)];
  const [across, down] = [Math.sign(b.x - a.x) * (BOX.width / 2), BOX.height / 2];
  const path =
    across === 0
      ? `M${a.x} ${a.y + down}V${b.y - down}`
      : laneOf(to) !== 0
        ? `M${a.x + across} ${a.y}H${b.x}V${b.y - down}`
        : `M${a.x} ${a.y + down}V${b.y}H${b.x - across}`;
  return `<path d="${path}" fill="none" stroke="${INK}" stroke-width="1.4" marker-end="url(#head)"/>`;
}

function box(room: Room): string[] {
  const { x, y } = middleOf(room);
  const { name, folders } = room;
  const below = folders.filter((folder) => folder.includes("/")).map((folder) => `${folder}/`);
  return [
    `<rect x="${x - BOX.width / 2}" y="${y - BOX.height / 2}" width="${BOX.width}" height="${BOX.height}" rx="4" fill="white" stroke="${INK}" stroke-width="1.4"/>`,
    `<text x="${x}" y="${below.length > 0 ? y - 2 : y + 4}" text-anchor="middle" font-weight="bold" fill="${INK}">${name}</text>`,
    ...below.map(
      (path) => `<text x="${x}" y="${y + 11}" text-anchor="middle" font-size="10" fill="${PALE}">${path}</text>`,
    ),
  ];
}

/** What a room never imports, and why, beside it. */
function note(room: Room): string[] {
  const never = neverOf(room);
  if (never.length === 0) return [];
  const { x, y } = middleOf(room);
  const left = MARGIN + 2 * LANE + BOX.width + 26;
  return [
    `<path d="M${x + BOX.width / 2} ${y}H${left - 6}" stroke="${ORANGE}" stroke-width="1" stroke-dasharray="1 4"/>`,
    ...never.flatMap(([name, reason]) => [
      `<text x="${left}" y="${y - 2}" font-weight="bold" fill="${ORANGE}">never ${name}</text>`,
      `<text x="${left}" y="${y + 12}" font-size="11" fill="${INK}">${reason}</text>`,
    ]),
  ];
}

export function roomsPicture(): string {
  const width = 2 * MARGIN + 3 * LANE + 420;
  const height = TOP + (top + 1) * ROW + MARGIN - (ROW - BOX.height);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="12">`,
    `<title>${ROOMS_TITLE}</title>`,
    `<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8Z" fill="${INK}"/></marker></defs>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="${MARGIN}" y="24" font-size="14" font-weight="bold" fill="${INK}">${ROOMS_TITLE}</text>`,
    ...rooms.flatMap((room) => onOf(room).map((to) => arrow(room, to))),
    ...rooms.flatMap(note),
    ...rooms.flatMap(box),
    "</svg>",
  ].join("\n")}\n`;
}

export const roomsDrawing: Drawing = async () => ({ "rooms.svg": roomsPicture() });
