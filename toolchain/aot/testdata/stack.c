/* Shapes a translated core can have, for stack.test.ts. Its .su files beside it were written by GCC 12 with
 *   arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb      (stack.cortex-m4.su)
 *   riscv64-unknown-elf-gcc -march=rv32imc -mabi=ilp32      (stack.rv32.su)
 * each with -std=c11 -O2 -fstack-usage -fno-ipa-icf -c. */
typedef __UINT32_TYPE__ u32;

u32 demo_import_host(u32 a, u32 b);
void mehr_aot_trap(u32 trap);

static u32 s_memory[256];

#line 10 "core/leaf.ts"
/* Inlined into its only caller: no line of its own. */
static u32 inlined(u32 a) { return a * 3 + s_memory[a & 255]; }

#line 20 "core/clone.ts"
/* Always called with mode 3: GCC calls it cloned.constprop. */
static __attribute__((noinline)) u32 cloned(u32 a, u32 mode) {
  u32 sum = 0;
  for (u32 i = 0; i < a; i++) sum += demo_import_host(i, mode) * mode;
  return sum;
}

#line 30 "core/split.ts"
/* Its first test is inlined, the rest stays behind as split.part.0. */
static u32 split(u32 a, u32 b) {
  if (a == 0) return b;
  u32 s = demo_import_host(a, b), t = demo_import_host(b, a);
  for (u32 i = 0; i < a; i++) {
    s ^= demo_import_host(s, i) + demo_import_host(t, s);
    t += demo_import_host(i, s) * s;
    s += demo_import_host(t, t) * s_memory[s & 7];
  }
  s += demo_import_host(s, 1);
  t += demo_import_host(s, 2);
  s_memory[1] = t;
  return s;
}

#line 40 "core/twins.ts"
/* Equal functions: without -fno-ipa-icf the second one would have no line and be called all the same. */
static __attribute__((noinline)) u32 twin1(u32 a) {
  u32 v[20];
  for (u32 i = 0; i < 20; i++) v[i] = demo_import_host(a, i);
  return v[a % 20] + v[3];
}
static __attribute__((noinline)) u32 twin2(u32 a) {
  u32 v[20];
  for (u32 i = 0; i < 20; i++) v[i] = demo_import_host(a, i);
  return v[a % 20] + v[3];
}

#line 50 "core/table.ts"
static u32 in_table(u32 a) {
  u32 v[40];
  for (u32 i = 0; i < 40; i++) v[i] = s_memory[(a + i) & 255] ^ i;
  for (u32 i = 0; i < 40; i++) v[a % 40] += v[i] * v[(i + a) % 40];
  return v[a % 40];
}
static u32 (*const TABLE[])(u32) = {twin1, in_table};

#line 60 "core/tree.ts"
static u32 odd(u32 a);
static __attribute__((noinline)) u32 even(u32 a) { return a == 0 ? 1 : odd(a - 1) + s_memory[a & 7]; }
static __attribute__((noinline)) u32 odd(u32 a) { return a == 0 ? 0 : even(a - 1) * s_memory[a & 15]; }

#line 70 "core/node.ts"
void demo_instantiate(void) { s_memory[0] = 1; }
u32 demo_plain(u32 a) { return inlined(a) + 1; }
u32 demo_clones(u32 a) { return cloned(a, 3) + split(a, a) + 1; }
u32 demo_more(u32 a) { return split(a + 3, a) + split(a, 9) + cloned(a, 3); }
u32 demo_twins(u32 a) { return twin2(a) * 3; }
u32 demo_table(u32 a) {
  if (a > 1) mehr_aot_trap(5);
  return TABLE[a](a) + 1;
}
u32 demo_tree(u32 a) { return even(a) + odd(a); }
