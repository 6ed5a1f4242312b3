// Drives a generated machine under Verilator: loads its conductances through the host registers, streams samples with
// random stalls, writes the waveform to standard output, and after each batch every state to a file.
// Usage: harness <conductances> <beats> <states> <samples> <stall seed> <trace 0|1> [<cycle limit> [<interludes 0|1>]]
//   conductances  16-bit words, every cell of every tile, layer by layer, tile by tile, row by row
//   beats         every beat of every sample, BEAT_BYTES each
//   states        out: records of <name>\n<count> <bytes of each>\n<raw data>
//   interludes    after each sample: it is classified once more, without training, and the machine is sent to IDLE
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "Vrankloom.h"
#include "machine.h"
#include "verilated.h"
#include "verilated_syms.h"
#ifdef TRACE
#include "verilated_vcd_c.h"
#endif

static VerilatedContext& makeContext() {
    static VerilatedContext made;
    made.randReset(2);
    made.randSeed(12345);
    return made;
}
static VerilatedContext& context = makeContext();
static Vrankloom top{&context, "TOP"};

[[noreturn]] static void fail(const char* what, const char* name) {
    std::fprintf(stderr, "harness: %s: %s\n", what, name);
    std::exit(3);
}

#ifdef TRACE
// Standard output may be a socket, which has no name to open.
class StandardOutput final : public VerilatedVcdFile {
public:
    bool open(const std::string&) override { return true; }
    void close() override { std::fflush(stdout); }
    ssize_t write(const char* data, ssize_t length) override { return ssize_t(std::fwrite(data, 1, size_t(length), stdout)); }
};
#endif

static std::vector<uint8_t> readFile(const char* name) {
    FILE* file = std::fopen(name, "rb");
    if (!file) fail("cannot read", name);
    std::vector<uint8_t> bytes;
    uint8_t buffer[65536];
    size_t n;
    while ((n = std::fread(buffer, 1, sizeof buffer, file)) > 0) bytes.insert(bytes.end(), buffer, buffer + n);
    std::fclose(file);
    return bytes;
}

static uint32_t stallState;
static int nextStall() {
    if (stallState == 0) return 0;
    stallState ^= stallState << 13;
    stallState ^= stallState >> 17;
    stallState ^= stallState << 5;
    return (stallState & 7) < 3 ? int((stallState >> 3) & 7) : 0;
}

static uint64_t edges, idleAt;
static bool watchIdle;

// One clock edge; inputs were set before.
static void edge() {
    top.clk = 1;
    top.eval();
    top.clk = 0;
    top.eval();
    edges++;
    if (watchIdle && !top.s_axis_tready) {
        idleAt = edges;
        watchIdle = false;
    }
}

static void write(uint32_t address, uint32_t data) {
    top.s_axil_awaddr = address;
    top.s_axil_awvalid = 1;
    top.s_axil_wdata = data;
    top.s_axil_wstrb = 15;
    top.s_axil_wvalid = 1;
    top.s_axil_bready = 1;
    bool address_taken = false, data_taken = false, answered = false;
    for (int wait = 0; !(address_taken && data_taken && answered); wait++) {
        if (wait > 1000) fail("no answer to a write of", "the host registers");
        top.eval();
        bool aw = top.s_axil_awvalid && top.s_axil_awready, w = top.s_axil_wvalid && top.s_axil_wready, b = top.s_axil_bvalid;
        edge();
        if (aw) { address_taken = true; top.s_axil_awvalid = 0; }
        if (w) { data_taken = true; top.s_axil_wvalid = 0; }
        if (b) answered = true;
    }
    top.s_axil_bready = 0;
}

static uint32_t read(uint32_t address) {
    top.s_axil_araddr = address;
    top.s_axil_arvalid = 1;
    top.s_axil_rready = 1;
    for (int wait = 0; wait <= 1000; wait++) {
        top.eval();
        bool taken = top.s_axil_arvalid && top.s_axil_arready, valid = top.s_axil_rvalid;
        uint32_t data = top.s_axil_rdata;
        edge();
        if (taken) top.s_axil_arvalid = 0;
        if (valid) { top.s_axil_rready = 0; return data; }
    }
    fail("no answer to a read of", "the host registers");
}

// Every cell of the selected tile, a word a cycle: the address counts by itself, and an answer comes with the next word.
static void writeCells(const uint8_t* words) {
    top.s_axil_awaddr = REG_CELL_DATA;
    top.s_axil_wstrb = 15;
    top.s_axil_awvalid = top.s_axil_wvalid = top.s_axil_bready = 1;
    int answers = 0;
    for (int k = 0; k < CELLS_PER_TILE; k++) {
        top.s_axil_wdata = words[2 * k] | words[2 * k + 1] << 8;
        top.eval();
        if (!top.s_axil_awready || !top.s_axil_wready) fail("does not take a word a cycle:", "the host registers");
        answers += top.s_axil_bvalid;
        edge();
    }
    top.s_axil_awvalid = top.s_axil_wvalid = 0;
    top.eval();
    answers += top.s_axil_bvalid;
    edge();
    top.s_axil_bready = 0;
    if (answers != CELLS_PER_TILE) fail("an answer is missing from", "the host registers");
}

// The same cells back, each asked for as soon as the registers take the question.
static void readCells(std::vector<uint16_t>& words) {
    top.s_axil_araddr = REG_CELL_DATA;
    top.s_axil_rready = 1;
    int wait = 0;
    for (int asked = 0, got = 0; got < CELLS_PER_TILE;) {
        top.s_axil_arvalid = asked < CELLS_PER_TILE;
        top.eval();
        const bool taken = top.s_axil_arvalid && top.s_axil_arready, valid = top.s_axil_rvalid;
        const uint32_t data = top.s_axil_rdata;
        edge();
        if (taken) asked++;
        if (valid) {
            words.push_back(uint16_t(data));
            got++;
            wait = 0;
        } else if (++wait > 1000) fail("no answer to a read of", "the host registers");
    }
    top.s_axil_arvalid = top.s_axil_rready = 0;
}

static FILE* states;
static void record(const char* name, const void* data, size_t count, size_t bytes) {
    std::fprintf(states, "%s\n%zu %zu\n", name, count, bytes);
    std::fwrite(data, bytes, count, states);
}

// Writes an array of the design by its path below the top module.
static void dump(const char* scope, const char* variable) {
    // Verilator's spelling of brackets.
    std::string spelled = "TOP.";
    for (const char* c = scope; *c; c++) spelled += *c == '[' ? "__BRA__" : *c == ']' ? "__KET__" : std::string(1, *c);
    const VerilatedScope* s = context.scopeFind(spelled.c_str());
    if (!s) fail("no such scope", scope);
    VerilatedVar* v = s->varFind(variable);
    if (!v) fail("no such variable", variable);
    size_t elements = v->udims() > 0 ? v->elements(1) : 1;
    record((std::string(scope) + "." + variable).c_str(), v->datap(), elements, v->entSize());
}

static const uint32_t IDLE = 0;
static const uint32_t RUN = RANKLOOM_CONTROL_RUN_MASK;
static const uint32_t RUN_AND_TRAIN = RANKLOOM_CONTROL_RUN_MASK | RANKLOOM_CONTROL_TRAIN_MASK;

static uint32_t phase() { return (read(REG_STATUS) & RANKLOOM_STATUS_PHASE_MASK) >> RANKLOOM_STATUS_PHASE_SHIFT; }

static void selectTile(int layer, int tile) {
    write(REG_CELL_LAYER, layer);
    write(REG_CELL_TILE, tile);
    write(REG_CELL_ADDRESS, 0);
}

// Ends as it began: the machine is in LOAD, trains, and nothing is offered.
static void interlude(const uint8_t* sample) {
    write(REG_CONTROL, RUN);
    top.s_axis_tvalid = 1;
    for (uint64_t beat = 0; beat < BEATS_PER_SAMPLE;) {
        std::memcpy(&top.s_axis_tdata, &sample[beat * BEAT_BYTES], BEAT_BYTES);
        top.eval();
        if (top.s_axis_tready) beat++;
        edge();
    }
    top.s_axis_tvalid = 0;
    write(REG_CONTROL, 0);
    while (phase() != IDLE) {}
    write(REG_CONTROL, RUN_AND_TRAIN);
    for (top.eval(); !top.s_axis_tready;) edge();
}

int main(int argc, char** argv) {
    if (argc < 7) fail("usage", "harness <conductances> <beats> <states> <samples> <stall seed> <trace> [<cycle limit>]");
    std::vector<uint8_t> cells = readFile(argv[1]), beats = readFile(argv[2]);
    states = std::fopen(argv[3], "wb");
    if (!states) fail("cannot write", argv[3]);
    const uint64_t samples = std::strtoull(argv[4], nullptr, 10);
    stallState = uint32_t(std::strtoul(argv[5], nullptr, 10));
    const bool trace = std::atoi(argv[6]) != 0;
    const uint64_t limit = argc > 7 ? std::strtoull(argv[7], nullptr, 10) : ~0ull;
    const bool interludes = argc > 8 && std::atoi(argv[8]) != 0;
    const uint64_t totalBeats = samples * BEATS_PER_SAMPLE;
    if (cells.size() != size_t(TOTAL_CELLS) * 2) fail("wrong size of", argv[1]);
    if (beats.size() != totalBeats * BEAT_BYTES) fail("wrong size of", argv[2]);

#ifdef TRACE
    StandardOutput output;
    VerilatedVcdC waveform{&output};
    if (trace) {
        context.traceEverOn(true);
        top.trace(&waveform, 99);
    }
#else
    if (trace) fail("was built without", "trace");
#endif

    // Registers start with random contents, so that a missing reset shows.
    top.clk = 0;
    top.rst = 1;
    for (int i = 0; i < 4; i++) edge();
    top.rst = 0;

    if (read(REG_ID) != ID_VALUE) fail("wrong value of register", "ID");
    const uint8_t* cell = cells.data();
    for (int l = 0; l < LAYERS; l++)
        for (int t = 0; t < TILES[l]; t++) {
            selectTile(l, t);
            writeCells(cell);
            cell += 2 * CELLS_PER_TILE;
        }

#ifdef TRACE
    if (trace) waveform.open("standard output");
#endif
    write(REG_CONTROL, RUN_AND_TRAIN);

    // Cycle 0 is the first in which the machine takes samples.
    top.eval();
    for (int wait = 0; !top.s_axis_tready; wait++) {
        if (wait > 100) fail("never ready for", "samples");
        edge();
    }
    edges = 0;
    uint64_t cycle = 0, settled = ~0ull, beat = 0, validFrom = totalBeats > 0 ? nextStall() : 0;
    bool finished = false, busy = false;
    const auto begun = std::chrono::steady_clock::now();
    for (; !finished; cycle++) {
        if (cycle >= limit) break;
        const bool offer = beat < totalBeats && cycle >= validFrom && !(interludes && busy);
        top.s_axis_tvalid = offer;
        if (offer) std::memcpy(&top.s_axis_tdata, &beats[beat * BEAT_BYTES], BEAT_BYTES);
        top.s_axis_tlast = offer && (beat + 1) % BEATS_PER_SAMPLE == 0;
        top.eval();
        const bool ready = top.s_axis_tready;
        if (busy && ready) {
            busy = false;
            const uint64_t done = beat / BEATS_PER_SAMPLE;
            if (done % BATCH == 0 || done == samples) {
                std::string name = "sample " + std::to_string(done);
                record(name.c_str(), &cycle, 1, 8);
                // Within a batch the last sample's gradient may still be on its way.
                if (done == samples) settled = cycle + SETTLE_CYCLES;
                else dumpStates(dump);
            }
            if (interludes && done < samples) interlude(&beats[(done - 1) * BEATS_PER_SAMPLE * BEAT_BYTES]);
        }
        if (cycle == settled) {
            dumpStates(dump);
            finished = true;
        }
#ifdef TRACE
        if (trace) waveform.dump(cycle);
#endif
        if (offer && ready) {
            beat++;
            validFrom = cycle + 1 + (beat < totalBeats ? nextStall() : 0);
            if (beat % BEATS_PER_SAMPLE == 0) busy = true;
        }
        edge();
    }
#ifdef TRACE
    if (trace) waveform.close();
#endif
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    top.s_axis_tvalid = 0;
    if (finished) {
        // The cycle counter runs until the machine is idle, some cycles after this write.
        watchIdle = true;
        write(REG_CONTROL, 0);
        for (int i = 0; i < 8; i++) edge();
        std::vector<uint32_t> registers;
        for (uint32_t address : FINAL_REGISTERS) registers.push_back(read(address));
        record("seconds", &seconds, 1, 8);
        record("idle", &idleAt, 1, 8);
        record("registers", registers.data(), registers.size(), 4);
        std::vector<uint16_t> readOut;
        for (int l = 0; l < LAYERS; l++)
            for (int t = 0; t < TILES[l]; t++) {
                selectTile(l, t);
                readCells(readOut);
            }
        record("readout", readOut.data(), readOut.size(), 2);
    }
    top.final();
    if (std::fclose(states) != 0) fail("cannot write", argv[3]);
    return 0;
}
