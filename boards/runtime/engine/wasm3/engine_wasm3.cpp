// The wasm3 0.5.0 engine (engine.h). Everything it allocates comes from malloc at load and goes back at unload; all
// functions are translated at load, so a call later neither allocates nor fails for want of memory.
#include "../instance.h"
#include "engine.h"
#include "hal.h"
#include "relay_wasm.h"  // the module's bytes, compiled into flash here and nowhere else
#include "sha256.h"
#include "wasm_check.h"

// wasm3's headers are C of another house: their warnings are not ours to fix.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include "m3_env.h"
#include "wasm3.h"
#include "mehr_abi_wasm3.h"
#pragma GCC diagnostic pop

namespace mehr::engine {

const Kind kKind = Kind::kWasm3;

Core core() {
  Core core = {MEHR_WASM_SIZE, {}};
  sha256(MEHR_WASM, MEHR_WASM_SIZE, core.sha256);
  return core;
}

#ifndef MEHR_WASM3_STACK_BYTES
#define MEHR_WASM3_STACK_BYTES 4096
#endif

// Any value wasm code is unlikely to leave on its stack will do; 0 would be taken for unused far too often.
static constexpr uint8_t kPaint = 0xa5;

static IM3Environment s_environment;
static IM3Runtime s_runtime;
static IM3Function s_exports[MEHR_EXPORT_COUNT];
static Detail s_detail;

static enum mehr_status fail(enum mehr_status status) {
  unload();
  return status;
}

static enum mehr_status fail_result(M3Result result) {
  s_detail << "wasm3: " << result;
  bool memory = result == m3Err_mallocFailed || result == m3Err_mallocFailedCodePage;
  return fail(memory ? MEHR_STATUS_ENGINE_MEMORY : MEHR_STATUS_BAD_MODULE);
}

static enum mehr_status link_imports(IM3Module module, void* host) {
  for (const mehr_wasm3_import& import : mehr_wasm3_imports) {
    M3Result result =
        m3_LinkRawFunctionEx(module, MEHR_WASM3_IMPORT_MODULE, import.name, import.signature, import.call, host);
    // A core that does not use an import is fine; one that has it with other types is not.
    if (result == m3Err_none || result == m3Err_functionLookupFailed) continue;
    s_detail << "import " << import.name << ": " << result;
    return fail(MEHR_STATUS_UNKNOWN_IMPORT);
  }
  for (uint32_t i = 0; i < module->numFuncImports; i++) {
    const M3Function& function = module->functions[i];
    if (function.compiled) continue;
    s_detail << "import " << (function.import.moduleUtf8 ? function.import.moduleUtf8 : "?") << "."
             << (function.import.fieldUtf8 ? function.import.fieldUtf8 : "?");
    return fail(MEHR_STATUS_UNKNOWN_IMPORT);
  }
  return MEHR_STATUS_OK;
}

static char type_letter(M3ValueType type) { return type == c_m3Type_i32 ? 'i' : type == c_m3Type_i64 ? 'I' : '?'; }

static bool signature_matches(IM3Function function, const char* signature) {
  uint32_t results = m3_GetRetCount(function), count = m3_GetArgCount(function);
  if (results != (signature[0] == 'v' ? 0u : 1u)) return false;
  if (results == 1 && type_letter(m3_GetRetType(function, 0)) != signature[0]) return false;
  const char* parameters = signature + 2;
  if (strlen(parameters) != count + 1) return false;
  for (uint32_t i = 0; i < count; i++) {
    if (type_letter(m3_GetArgType(function, i)) != parameters[i]) return false;
  }
  return true;
}

static enum mehr_status find_exports() {
  for (unsigned i = 0; i < MEHR_EXPORT_COUNT; i++) {
    M3Result result = m3_FindFunction(&s_exports[i], s_runtime, mehr_exports[i].name);
    if (result == m3Err_functionLookupFailed) {
      s_detail << "export " << mehr_exports[i].name << " is missing";
      return fail(MEHR_STATUS_MISSING_EXPORT);
    }
    // The first look-up also runs the module's start function, so a trap can surface here.
    if (result) {
      s_detail << result;
      return fail(MEHR_STATUS_TRAP);
    }
    if (!signature_matches(s_exports[i], mehr_exports[i].signature)) {
      s_detail << "export " << mehr_exports[i].name << " is not " << mehr_exports[i].signature;
      return fail(MEHR_STATUS_MISSING_EXPORT);
    }
  }
  return MEHR_STATUS_OK;
}

enum mehr_status load(void* host) {
  unload();
  s_detail.clear();
  if (const char* problem = wasm_check(MEHR_WASM, MEHR_WASM_SIZE, kLinearMemoryLimit)) {
    s_detail << problem;
    return MEHR_STATUS_BAD_MODULE;
  }
  // Parsing, translating and the start function: whatever a damaged module makes of them ends.
  Watched watched;
  s_environment = m3_NewEnvironment();
  if (s_environment) s_runtime = m3_NewRuntime(s_environment, MEHR_WASM3_STACK_BYTES, nullptr);
  if (!s_runtime) return fail_result(m3Err_mallocFailed);
  s_runtime->memoryLimit = kLinearMemoryLimit;
  memset(s_runtime->stack, kPaint, MEHR_WASM3_STACK_BYTES);

  IM3Module module = nullptr;
  M3Result result = m3_ParseModule(s_environment, &module, MEHR_WASM, MEHR_WASM_SIZE);
  if (result) return fail_result(result);
  result = m3_LoadModule(s_runtime, module);
  if (result) {
    m3_FreeModule(module);  // wasm3 takes ownership only when loading succeeds
    return fail_result(result);
  }
  enum mehr_status status = link_imports(module, host);
  if (status != MEHR_STATUS_OK) return status;
  result = m3_CompileModule(module);
  if (result) return fail_result(result);
  status = find_exports();
  if (status != MEHR_STATUS_OK) return status;
  status = check_instance(m3_GetMemorySize(s_runtime), s_detail);
  return status == MEHR_STATUS_OK ? status : fail(status);
}

void unload() {
  if (s_runtime) m3_FreeRuntime(s_runtime);
  if (s_environment) m3_FreeEnvironment(s_environment);
  forget();
}

void forget() {
  s_runtime = nullptr;
  s_environment = nullptr;
}

void* handle() { return s_runtime; }

uint8_t* memory(uint32_t offset, uint32_t length) {
  uint32_t size = 0;
  uint8_t* base = s_runtime ? m3_GetMemory(s_runtime, &size, 0) : nullptr;
  return base && length <= size && offset <= size - length ? base + offset : nullptr;
}

const char* detail() { return s_detail.c_str(); }

static uint32_t code_bytes(const M3CodePage* page) {
  uint32_t total = 0;
  for (; page; page = page->info.next) {
    total += static_cast<uint32_t>(sizeof(M3CodePageHeader) + page->info.numLines * sizeof(code_t));
  }
  return total;
}

Stats stats() {
  Stats stats = {};
  if (!s_runtime) return stats;
  stats.linear_memory_bytes = m3_GetMemorySize(s_runtime);
  stats.metacode_bytes =
      code_bytes(s_runtime->pagesOpen) + code_bytes(s_runtime->pagesFull) + code_bytes(s_environment->pagesReleased);
  stats.stack_bytes = MEHR_WASM3_STACK_BYTES;
  const uint8_t* stack = static_cast<const uint8_t*>(s_runtime->stack);
  stats.stack_used = MEHR_WASM3_STACK_BYTES;
  while (stats.stack_used > 0 && stack[stats.stack_used - 1] == kPaint) stats.stack_used--;
  return stats;
}

static uint32_t call(enum mehr_export which, const uint64_t* arguments, uint64_t* result) {
  if (!s_runtime) return MEHR_STATUS_NOT_BOOTED;
  // wasm3 reads each argument through a pointer, 32 or 64 bits by its type; the ABI passes all of them as u64.
  const void* pointers[MEHR_EXPORT_PARAMETERS_MAX] = {};
  uint32_t narrow[MEHR_EXPORT_PARAMETERS_MAX] = {};
  uint8_t count = mehr_exports[which].parameters;
  for (uint8_t i = 0; i < count; i++) {
    narrow[i] = static_cast<uint32_t>(arguments[i]);
    bool wide = mehr_exports[which].signature[2 + i] == 'I';
    pointers[i] = wide ? static_cast<const void*>(&arguments[i]) : &narrow[i];
  }
  Watched watched;
  M3Result error = m3_Call(s_exports[which], count, pointers);
  uint64_t wide_result = 0;
  uint32_t narrow_result = 0;
  char type = mehr_exports[which].signature[0];
  bool wide = type == 'I';
  if (!error && type != 'v') {
    const void* results[1] = {wide ? static_cast<void*>(&wide_result) : &narrow_result};
    error = m3_GetResults(s_exports[which], 1, results);
  }
  if (error) {
    s_detail.clear();
    s_detail << error << " in " << mehr_exports[which].name;
    return MEHR_STATUS_TRAP;
  }
  *result = wide ? wide_result : narrow_result;
  return MEHR_STATUS_OK;
}

}  // namespace mehr::engine

// wasm3 asks this (weak in its m3_core.c) at every call of a wasm function. Calls nest on the C stack, and deep
// recursion can use that up before the value stack; so it ends here as an ordinary trap. What is kept (boards/stack.ts)
// is for an import below: radio, records and console.
extern "C" M3Result m3_Yield() {
  return mehr::hal::stack_left() < MEHR_STACK_KEPT_BYTES ? m3Err_trapStackOverflow : m3Err_none;
}

uint32_t mehr_engine_call(void*, enum mehr_export which, const uint64_t* arguments, uint64_t* result) {
  return mehr::engine::call(which, arguments, result);
}
