/**
 * Opcodes of the vector instructions without immediates that the compiler writes, after the prefix 0xFD. Names are those of
 * the WebAssembly specification in camelCase: `f32x4.convert_i32x4_s` is `f32x4ConvertI32x4S`.
 */
export const simdOpcodes = {
  i32x4Splat: 17,
  f32x4Splat: 19,
  f64x2Splat: 20,
  i32x4Eq: 55,
  i32x4Ne: 56,
  i32x4LtS: 57,
  i32x4LtU: 58,
  i32x4GtS: 59,
  i32x4GtU: 60,
  i32x4LeS: 61,
  i32x4LeU: 62,
  i32x4GeS: 63,
  i32x4GeU: 64,
  f32x4Eq: 65,
  f32x4Ne: 66,
  f32x4Lt: 67,
  f32x4Gt: 68,
  f32x4Le: 69,
  f32x4Ge: 70,
  f64x2Eq: 71,
  f64x2Ne: 72,
  f64x2Lt: 73,
  f64x2Gt: 74,
  f64x2Le: 75,
  f64x2Ge: 76,
  v128Not: 77,
  v128And: 78,
  v128Andnot: 79,
  v128Or: 80,
  v128Xor: 81,
  v128Bitselect: 82,
  v128AnyTrue: 83,
  f32x4DemoteF64x2Zero: 94,
  f64x2PromoteLowF32x4: 95,
  f32x4Ceil: 103,
  f32x4Floor: 104,
  f32x4Trunc: 105,
  f32x4Nearest: 106,
  f64x2Ceil: 116,
  f64x2Floor: 117,
  f64x2Trunc: 122,
  f64x2Nearest: 148,
  i32x4Abs: 160,
  i32x4Neg: 161,
  i32x4Shl: 171,
  i32x4ShrS: 172,
  i32x4ShrU: 173,
  i32x4Add: 174,
  i32x4Sub: 177,
  i32x4Mul: 181,
  i32x4MinS: 182,
  i32x4MinU: 183,
  i32x4MaxS: 184,
  i32x4MaxU: 185,
  i64x2ExtendLowI32x4S: 199,
  i64x2Neg: 193,
  i64x2Shl: 203,
  i64x2ShrS: 204,
  i64x2ShrU: 205,
  i64x2Add: 206,
  i64x2Sub: 209,
  i64x2Mul: 213,
  i64x2Eq: 214,
  f32x4Abs: 224,
  f32x4Neg: 225,
  f32x4Sqrt: 227,
  f32x4Add: 228,
  f32x4Sub: 229,
  f32x4Mul: 230,
  f32x4Div: 231,
  f32x4Min: 232,
  f32x4Max: 233,
  f32x4Pmin: 234,
  f32x4Pmax: 235,
  f64x2Abs: 236,
  f64x2Neg: 237,
  f64x2Sqrt: 239,
  f64x2Add: 240,
  f64x2Sub: 241,
  f64x2Mul: 242,
  f64x2Div: 243,
  f64x2Min: 244,
  f64x2Max: 245,
  f64x2Pmin: 246,
  f64x2Pmax: 247,
  i32x4TruncSatF32x4S: 248,
  i32x4TruncSatF32x4U: 249,
  f32x4ConvertI32x4S: 250,
  f32x4ConvertI32x4U: 251,
  i32x4TruncSatF64x2SZero: 252,
  i32x4TruncSatF64x2UZero: 253,
  f64x2ConvertLowI32x4S: 254,
  f64x2ConvertLowI32x4U: 255,
} as const;

/** Vector loads and stores: opcode and natural alignment in bytes. */
export const simdMemoryOpcodes = {
  v128Load: [0, 16],
  v128Load32Splat: [9, 4],
  v128Load64Splat: [10, 8],
  v128Store: [11, 16],
  v128Load32Zero: [92, 4],
  v128Load64Zero: [93, 8],
} as const;

/** Loads and stores of one lane: opcode, natural alignment in bytes, lanes of the vector. */
export const simdMemoryLaneOpcodes = {
  v128Load32Lane: [86, 4, 4],
  v128Load64Lane: [87, 8, 2],
  v128Store32Lane: [90, 4, 4],
  v128Store64Lane: [91, 8, 2],
} as const;

/** Lane accesses: opcode and lanes of the vector. */
export const simdLaneOpcodes = {
  i32x4ExtractLane: [27, 4],
  i32x4ReplaceLane: [28, 4],
  i64x2ReplaceLane: [30, 2],
  f32x4ExtractLane: [31, 4],
  f32x4ReplaceLane: [32, 4],
  f64x2ExtractLane: [33, 2],
  f64x2ReplaceLane: [34, 2],
} as const;

/**
 * Relaxed vector instructions. `relaxed` is the opcode after 0xFD; `plain` names strict instructions whose result is among
 * those that the specification allows for the relaxed one, for machines without the extension.
 */
export const relaxedOpcodes = {
  i32x4RelaxedLaneselect: { relaxed: 0x10b, plain: 'v128Bitselect' },
  i64x2RelaxedLaneselect: { relaxed: 0x10c, plain: 'v128Bitselect' },
} as const satisfies Record<string, { relaxed: number; plain: keyof typeof simdOpcodes }>;

/** Relaxed multiply-add family: opcode after 0xFD, then the strict multiplication and addition or subtraction. */
export const relaxedMaddOpcodes = {
  f32x4RelaxedMadd: { relaxed: 0x105, multiply: 'f32x4Mul', combine: 'f32x4Add' },
  f32x4RelaxedNmadd: { relaxed: 0x106, multiply: 'f32x4Mul', combine: 'f32x4Sub' },
  f64x2RelaxedMadd: { relaxed: 0x107, multiply: 'f64x2Mul', combine: 'f64x2Add' },
  f64x2RelaxedNmadd: { relaxed: 0x108, multiply: 'f64x2Mul', combine: 'f64x2Sub' },
} as const satisfies Record<
  string,
  { relaxed: number; multiply: keyof typeof simdOpcodes; combine: keyof typeof simdOpcodes }
>;
