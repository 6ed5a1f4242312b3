/** No value of any unit needs more bits, so a double holds each exactly. */
export const WIDEST = 53;
