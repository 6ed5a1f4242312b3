/** Arrays in one shared WebAssembly memory: state, samples in work and results, for the kernels of all threads. */
import type { Allocator } from "../allocator.ts";

const PAGE = 65536;
const MAX_PAGES = 65536;
/** Every array starts on its own cache line; as a kernel may read up to the end of a vector, some bytes follow it. */
const ALIGN = 64;
const SLACK = 16;

export const MAX_BYTES = PAGE * MAX_PAGES;

export class Arena implements Allocator {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
  /** Address 0 is no array's. */
  #end = ALIGN;

  #take(bytes: number): number {
    const start = this.#end;
    this.#end = Math.ceil((start + bytes + SLACK) / ALIGN) * ALIGN;
    const missing = Math.ceil(this.#end / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);
    return start;
  }

  int16(length: number): Int16Array {
    const start = this.#take(2 * length);
    return new Int16Array(this.memory.buffer, start, length);
  }

  uint16(length: number): Uint16Array {
    const start = this.#take(2 * length);
    return new Uint16Array(this.memory.buffer, start, length);
  }

  int32(length: number): Int32Array {
    const start = this.#take(4 * length);
    return new Int32Array(this.memory.buffer, start, length);
  }

  uint32(length: number): Uint32Array {
    const start = this.#take(4 * length);
    return new Uint32Array(this.memory.buffer, start, length);
  }

  float64(length: number): Float64Array {
    const start = this.#take(8 * length);
    return new Float64Array(this.memory.buffer, start, length);
  }
}
