/** Where the storage of a machine's state comes from. */

/** Gives a typed array's storage, zeroed; the kernels' version places it in shared memory. */
export interface Allocator {
  int16(length: number): Int16Array;
  uint16(length: number): Uint16Array;
  int32(length: number): Int32Array;
  uint32(length: number): Uint32Array;
  float64(length: number): Float64Array;
}

export const plainAllocator: Allocator = {
  int16: (length) => new Int16Array(length),
  uint16: (length) => new Uint16Array(length),
  int32: (length) => new Int32Array(length),
  uint32: (length) => new Uint32Array(length),
  float64: (length) => new Float64Array(length),
};
