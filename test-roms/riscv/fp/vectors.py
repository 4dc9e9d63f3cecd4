#!/usr/bin/env python3
"""vectors.py > vectors.h: operands, results and flags of RISC-V floating-point
instructions, computed with exact rational arithmetic (IEEE 754-2019 and the
unprivileged manual's F, D, Zfh and Zfa chapters). The output depends on nothing but
this file."""
import random
from fractions import Fraction
from math import isqrt

NV, DZ, OF, UF, NX = 16, 8, 4, 2, 1
RNE, RTZ, RDN, RUP, RMM, DYN = 0, 1, 2, 3, 4, 7
MODES = (RNE, RTZ, RDN, RUP, RMM)
ROWS_EACH = 64


class Format:
    def __init__(self, letter, code, width, fraction_bits):
        self.letter, self.code, self.width, self.fraction = letter, code, width, fraction_bits
        self.exponent = width - 1 - fraction_bits
        self.bias = (1 << (self.exponent - 1)) - 1
        self.emin, self.emax = 1 - self.bias, self.bias
        self.top = (1 << self.exponent) - 1
        self.sign = 1 << (width - 1)
        self.inf = self.top << fraction_bits
        self.nan = self.inf | 1 << (fraction_bits - 1)
        self.max = self.inf - 1
        self.min_normal = 1 << fraction_bits

    def box(self, bits):
        return bits | (1 << 64) - (1 << self.width)

    def is_nan(self, bits):
        return bits & ~self.sign > self.inf

    def is_snan(self, bits):
        return self.is_nan(bits) and not bits >> (self.fraction - 1) & 1

    def is_inf(self, bits):
        return bits & ~self.sign == self.inf

    def negative(self, bits):
        return bits & self.sign != 0

    def value(self, bits):
        """The exact value of a finite number."""
        field = bits >> self.fraction & self.top
        digits = bits & (1 << self.fraction) - 1
        if field:
            digits |= 1 << self.fraction
        power = max(field, 1) - self.bias - self.fraction
        value = Fraction(digits) * Fraction(2) ** power
        return -value if self.negative(bits) else value


H, S, D = Format("h", 2, 16, 10), Format("s", 0, 32, 23), Format("d", 1, 64, 52)


def round_integer(value, mode, negative):
    """|value| as an integer, and whether that was inexact."""
    whole = value.numerator // value.denominator
    rest = value - whole
    half = Fraction(1, 2)
    up = {
        RNE: rest > half or (rest == half and whole & 1),
        RMM: rest >= half,
        RTZ: False,
        RDN: rest > 0 and negative,
        RUP: rest > 0 and not negative,
    }[mode]
    return whole + bool(up), rest != 0


def floor_log2(value):
    power = value.numerator.bit_length() - value.denominator.bit_length()
    return power if value >= Fraction(2) ** power else power - 1


def pack(value, mode, form, zero_negative=False):
    """Round an exact value: (bits, flags). Tininess is detected after rounding."""
    if value == 0:
        return (form.sign if zero_negative else 0), 0
    negative, value = value < 0, abs(value)
    sign = form.sign if negative else 0
    exponent = floor_log2(value)
    unit = Fraction(2) ** (max(exponent, form.emin) - form.fraction)
    digits, inexact = round_integer(value / unit, mode, negative)
    rounded = digits * unit
    flags = NX if inexact else 0
    if rounded >= Fraction(2) ** (form.emax + 1):
        away = mode in (RNE, RMM) or mode == (RDN if negative else RUP)
        return sign | (form.inf if away else form.max), OF | NX
    free_unit = Fraction(2) ** (exponent - form.fraction)
    free_digits, _ = round_integer(value / free_unit, mode, negative)
    if inexact and free_digits * free_unit < Fraction(2) ** form.emin:
        flags |= UF
    if digits >= 1 << form.fraction:
        power = floor_log2(rounded)
        mantissa = rounded / Fraction(2) ** (power - form.fraction)
        bits = (power + form.bias << form.fraction) + int(mantissa) - (1 << form.fraction)
    else:
        bits = digits
    return sign | bits, flags


def nan_result(form, *operands):
    return form.nan, NV if any(form.is_snan(x) for x in operands) else 0


def add(form, mode, a, b):
    if form.is_nan(a) or form.is_nan(b):
        return nan_result(form, a, b)
    if form.is_inf(a) and form.is_inf(b) and a != b:
        return form.nan, NV
    if form.is_inf(a) or form.is_inf(b):
        return (a if form.is_inf(a) else b), 0
    total = form.value(a) + form.value(b)
    both = form.negative(a) and form.negative(b)
    either = form.negative(a) or form.negative(b)
    return pack(total, mode, form, both or (either and mode == RDN))


def subtract(form, mode, a, b):
    return add(form, mode, a, b if form.is_nan(b) else b ^ form.sign)


def multiply(form, mode, a, b):
    if form.is_nan(a) or form.is_nan(b):
        return nan_result(form, a, b)
    sign = (a ^ b) & form.sign
    if form.is_inf(a) or form.is_inf(b):
        zero = a & ~form.sign == 0 or b & ~form.sign == 0
        return (form.nan, NV) if zero else (sign | form.inf, 0)
    return pack(form.value(a) * form.value(b), mode, form, sign != 0)


def divide(form, mode, a, b):
    if form.is_nan(a) or form.is_nan(b):
        return nan_result(form, a, b)
    sign = (a ^ b) & form.sign
    if form.is_inf(a):
        return (form.nan, NV) if form.is_inf(b) else (sign | form.inf, 0)
    if form.is_inf(b):
        return sign, 0
    if form.value(b) == 0:
        return (form.nan, NV) if form.value(a) == 0 else (sign | form.inf, DZ)
    return pack(form.value(a) / form.value(b), mode, form, sign != 0)


def square_root(form, mode, a):
    if form.is_nan(a):
        return nan_result(form, a)
    if a & ~form.sign == 0:
        return a, 0
    if form.negative(a):
        return form.nan, NV
    if form.is_inf(a):
        return a, 0
    value = form.value(a)
    scale = 1200   # bits: enough that what is cut off is only sticky
    square = value.numerator * (1 << 2 * scale) // value.denominator
    root = isqrt(square)
    sticky = root * root * value.denominator != value.numerator << 2 * scale
    return pack(Fraction(2 * root + sticky, 1 << scale + 1), mode, form)


def fused(form, mode, a, b, c):
    """a * b + c with one rounding."""
    zero_times_inf = (form.is_inf(a) and b & ~form.sign == 0) or (
        form.is_inf(b) and a & ~form.sign == 0)
    if any(form.is_nan(x) for x in (a, b, c)):
        bits, flags = nan_result(form, a, b, c)
        nan_factor = form.is_nan(a) or form.is_nan(b)
        return bits, flags | (NV if zero_times_inf and not nan_factor else 0)
    if zero_times_inf:
        return form.nan, NV
    sign = (a ^ b) & form.sign
    if form.is_inf(a) or form.is_inf(b):
        if form.is_inf(c) and c & form.sign != sign:
            return form.nan, NV
        return sign | form.inf, 0
    if form.is_inf(c):
        return c, 0
    total = form.value(a) * form.value(b) + form.value(c)
    both = sign != 0 and form.negative(c)
    either = sign != 0 or form.negative(c)
    return pack(total, mode, form, both or (either and mode == RDN))


def flip(form, bits):
    return bits if form.is_nan(bits) else bits ^ form.sign


def minimum(form, a, b, largest, propagate):
    flags = NV if form.is_snan(a) or form.is_snan(b) else 0
    if propagate and (form.is_nan(a) or form.is_nan(b)):
        return form.nan, flags
    if form.is_nan(a) or form.is_nan(b):
        both = form.is_nan(a) and form.is_nan(b)
        return (form.nan if both else b if form.is_nan(a) else a), flags
    return (max if largest else min)((a, b), key=lambda x: order(form, x)), flags


def order(form, bits):
    return -(bits & ~form.sign) - 1 if form.negative(bits) else bits


def compare(form, a, b, name):
    nan = form.is_nan(a) or form.is_nan(b)
    quiet = name in ("feq", "fleq", "fltq")
    signals = form.is_snan(a) or form.is_snan(b) or (nan and not quiet)
    left, right = (None, None) if nan else (number_key(form, a), number_key(form, b))
    result = not nan and {"feq": left == right, "flt": left < right, "fle": left <= right,
                          "fltq": left < right, "fleq": left <= right}[name]
    return int(result), NV if signals else 0


def number_key(form, bits):
    return 0 if bits & ~form.sign == 0 else order(form, bits)


def classify(form, a):
    negative = form.negative(a)
    magnitude = a & ~form.sign
    if form.is_nan(a):
        return 1 << (8 if form.is_snan(a) else 9)
    kind = (3 if magnitude == 0 else 0 if magnitude == form.inf else
            2 if magnitude < form.min_normal else 1)
    return 1 << (kind if negative else 7 - kind)


def to_integer(form, mode, a, bits, signed):
    low = -(1 << bits - 1) if signed else 0
    high = (1 << bits - 1) - 1 if signed else (1 << bits) - 1
    if form.is_nan(a):
        return high, NV
    if form.is_inf(a):
        return (low if form.negative(a) else high), NV
    value = form.value(a)
    whole, inexact = round_integer(abs(value), mode, value < 0)
    whole = -whole if value < 0 else whole
    if not low <= whole <= high:
        return (low if whole < low else high), NV
    return whole, NX if inexact else 0


def modular(a):
    """fcvtmod.w.d"""
    if D.is_nan(a) or D.is_inf(a):
        return 0, NV
    value = D.value(a)
    whole, inexact = round_integer(abs(value), RTZ, value < 0)
    whole = -whole if value < 0 else whole
    low = whole & 0xffffffff
    if not -(1 << 31) <= whole < 1 << 31:
        return low, NV
    return low, NX if inexact else 0


def convert(source, target, mode, a):
    if source.is_nan(a):
        return target.nan, NV if source.is_snan(a) else 0
    sign = target.sign if source.negative(a) else 0
    if source.is_inf(a):
        return sign | target.inf, 0
    return pack(source.value(a), mode, target, sign != 0)


def round_in_format(form, mode, a, exact):
    if form.is_nan(a):
        return nan_result(form, a)
    if form.is_inf(a):
        return a, 0
    value = form.value(a)
    whole, inexact = round_integer(abs(value), mode, value < 0)
    bits, _ = pack(Fraction(-whole if value < 0 else whole), RNE, form, form.negative(a))
    return bits, NX if inexact and exact else 0


def constants(form):
    two = Fraction(2)
    finite = [Fraction(-1), two ** form.emin, two ** -16, two ** -15, two ** -8, two ** -7]
    finite += [Fraction(n, 16) for n in (1, 2, 4, 5, 6, 7, 8, 10, 12, 14)]
    finite += [Fraction(n, 4) for n in (4, 5, 6, 7, 8, 10, 12, 16, 32, 64)]
    finite += [two ** n for n in (7, 8, 15, 16)]
    return [pack(value, RNE, form)[0] for value in finite] + [form.inf, form.nan]


# ---- operands --------------------------------------------------------------------

def specials(form):
    one = form.bias << form.fraction
    near = [one, one + 1, one - 1, one | 1 << form.fraction - 1, one + form.min_normal]
    edge = [0, 1, form.min_normal - 1, form.min_normal, form.max, form.inf, form.nan,
            form.inf | 1, form.nan | 5]
    return [x | s for x in near + edge for s in (0, form.sign)]


def operand(form, rng):
    kind = rng.randrange(8)
    if kind < 3:
        return rng.choice(specials(form))
    if kind < 5:
        return rng.getrandbits(form.width)
    near = rng.randrange(form.bias - 3, form.bias + 4)
    if kind == 7: # the integers' range
        near = rng.randrange(form.bias, min(form.bias + 66, form.top))
    return rng.getrandbits(1) << form.width - 1 | near << form.fraction | rng.getrandbits(
        form.fraction)


# ---- rows ------------------------------------------------------------------------

RD, RS1, RS2, RS3 = 12, 10, 11, 13
F_OPERANDS, X_OPERAND = 0, 1
ROWS = []


def row(name, word, operands, result, flags, frm=0, integer_in=False, integer_out=False):
    a, b, c = (list(operands) + [0, 0, 0])[:3]
    ROWS.append((name, word, frm, flags, int(integer_in), int(integer_out), a, b, c,
                 result & (1 << 64) - 1))


def op_fp(funct5, form, rs2, mode, rs1=RS1):
    return funct5 << 27 | form.code << 25 | rs2 << 20 | rs1 << 15 | mode << 12 | RD << 7 | 0x53


def mode_pair(rng):
    """A rounding mode in the instruction, or the same through frm."""
    mode = rng.choice(MODES)
    return (mode, mode, 0) if rng.getrandbits(1) else (mode, DYN, mode)


def boxed_operand(form, rng):
    """(register, value): once in a while a register that is not NaN-boxed."""
    if form.width < 64 and rng.randrange(12) == 0:
        return rng.getrandbits(63), form.nan
    bits = operand(form, rng)
    return form.box(bits) if form.width < 64 else bits, bits


def operands(form, rng, count):
    pairs = [boxed_operand(form, rng) for _ in range(count)]
    return [p[0] for p in pairs], [p[1] for p in pairs]


def boxed(form, bits):
    return form.box(bits) if form.width < 64 else bits


def arithmetic_rows(form, rng):
    binary = (("fadd", 0, add), ("fsub", 1, subtract), ("fmul", 2, multiply), ("fdiv", 3, divide))
    for name, funct5, function in binary:
        for _ in range(ROWS_EACH):
            mode, field, frm = mode_pair(rng)
            registers, values = operands(form, rng, 2)
            bits, flags = function(form, mode, *values)
            row(f"{name}.{form.letter}", op_fp(funct5, form, RS2, field), registers,
                boxed(form, bits), flags, frm)
    for _ in range(ROWS_EACH):
        mode, field, frm = mode_pair(rng)
        registers, values = operands(form, rng, 1)
        bits, flags = square_root(form, mode, *values)
        row(f"fsqrt.{form.letter}", op_fp(0x0b, form, 0, field), registers, boxed(form, bits),
            flags, frm)
    signs = (("fmadd", 0x43, False, False), ("fmsub", 0x47, False, True),
             ("fnmsub", 0x4b, True, False), ("fnmadd", 0x4f, True, True))
    for name, opcode, product, addend in signs:
        for _ in range(ROWS_EACH):
            mode, field, frm = mode_pair(rng)
            registers, values = operands(form, rng, 3)
            a = flip(form, values[0]) if product else values[0]
            c = flip(form, values[2]) if addend else values[2]
            bits, flags = fused(form, mode, a, values[1], c)
            word = RS3 << 27 | form.code << 25 | RS2 << 20 | RS1 << 15 | field << 12 | RD << 7
            row(f"{name}.{form.letter}", word | opcode, registers, boxed(form, bits), flags, frm)


def selection_rows(form, rng):
    for name, largest, propagate, field in (("fmin", 0, 0, 0), ("fmax", 1, 0, 1),
                                            ("fminm", 0, 1, 2), ("fmaxm", 1, 1, 3)):
        for _ in range(ROWS_EACH):
            registers, values = operands(form, rng, 2)
            bits, flags = minimum(form, *values, largest, propagate)
            row(f"{name}.{form.letter}", op_fp(5, form, RS2, field), registers,
                boxed(form, bits), flags)
    for name, field in (("fle", 0), ("flt", 1), ("feq", 2), ("fleq", 4), ("fltq", 5)):
        for _ in range(ROWS_EACH):
            registers, values = operands(form, rng, 2)
            if rng.randrange(6) == 0:
                registers[1], values[1] = registers[0], values[0]
            result, flags = compare(form, *values, name)
            row(f"{name}.{form.letter}", op_fp(0x14, form, RS2, field), registers, result, flags,
                integer_out=True)
    for bits in specials(form):
        row(f"fclass.{form.letter}", op_fp(0x1c, form, 0, 1), [boxed(form, bits)],
            classify(form, bits), 0, integer_out=True)
    for name, field in (("fsgnj", 0), ("fsgnjn", 1), ("fsgnjx", 2)):
        for _ in range(ROWS_EACH // 4):
            registers, (a, b) = operands(form, rng, 2)
            sign = (b, ~b, a ^ b)[field] & form.sign
            row(f"{name}.{form.letter}", op_fp(4, form, RS2, field), registers,
                boxed(form, a & ~form.sign | sign), 0)


def sign_extend(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def conversion_rows(form, rng):
    kinds = (("w", 0, 32, True), ("wu", 1, 32, False), ("l", 2, 64, True), ("lu", 3, 64, False))
    for letter, code, bits, signed in kinds:
        for _ in range(ROWS_EACH):
            mode, field, frm = mode_pair(rng)
            registers, values = operands(form, rng, 1)
            result, flags = to_integer(form, mode, *values, bits, signed)
            row(f"fcvt.{letter}.{form.letter}", op_fp(0x18, form, code, field), registers,
                sign_extend(result, bits), flags, frm, integer_out=True)
        for _ in range(ROWS_EACH // 2):
            mode, field, frm = mode_pair(rng)
            register = rng.choice((0, 1, (1 << 64) - 1, 1 << 63, 1 << 31, (1 << 63) - 1,
                                   rng.getrandbits(64), rng.getrandbits(64),
                                   rng.getrandbits(30), rng.getrandbits(64) >> rng.randrange(40)))
            value = register & (1 << bits) - 1
            value = sign_extend(value, bits) if signed else value
            packed, flags = pack(Fraction(value), mode, form)
            row(f"fcvt.{form.letter}.{letter}", op_fp(0x1a, form, code, field), [register],
                boxed(form, packed), flags, frm, integer_in=True)
    for source in (H, S, D):
        if source is form:
            continue
        for _ in range(ROWS_EACH):
            mode, field, frm = mode_pair(rng)
            registers, values = operands(source, rng, 1)
            bits, flags = convert(source, form, mode, *values)
            row(f"fcvt.{form.letter}.{source.letter}", op_fp(8, form, source.code, field),
                registers, boxed(form, bits), flags, frm)
    for name, code in (("fround", 4), ("froundnx", 5)):
        for _ in range(ROWS_EACH):
            mode, field, frm = mode_pair(rng)
            registers, values = operands(form, rng, 1)
            bits, flags = round_in_format(form, mode, *values, name == "froundnx")
            row(f"{name}.{form.letter}", op_fp(8, form, code, field), registers,
                boxed(form, bits), flags, frm)
    for index, bits in enumerate(constants(form)):
        row(f"fli.{form.letter}", op_fp(0x1e, form, 1, 0, index), [], boxed(form, bits), 0)


def move_rows(form, rng):
    code = {16: 2, 32: 0, 64: 1}[form.width]
    letter = {16: "h", 32: "w", 64: "d"}[form.width]
    for _ in range(8):
        register = rng.getrandbits(64)
        low = register & (1 << form.width) - 1
        row(f"fmv.x.{letter}", op_fp(0x1c, form, 0, 0), [register],
            sign_extend(low, form.width), 0, integer_out=True)
        row(f"fmv.{letter}.x", op_fp(0x1e, form, 0, 0), [register], boxed(form, low), 0,
            integer_in=True)
    assert code == form.code


def main():
    rng = random.Random(20)
    for form in (H, S, D):
        arithmetic_rows(form, rng)
        selection_rows(form, rng)
        conversion_rows(form, rng)
        move_rows(form, rng)
    for _ in range(ROWS_EACH):
        registers, values = operands(D, rng, 1)
        result, flags = modular(*values)
        row("fcvtmod.w.d", op_fp(0x18, D, 8, RTZ), registers, sign_extend(result, 32), flags,
            integer_out=True)
    print("/* Generated by vectors.py. */")
    for name, word, frm, flags, integer_in, integer_out, a, b, c, result in ROWS:
        print(f'{{"{name}", {word:#x}, {frm}, {flags}, {integer_in}, {integer_out}, '
              f"{a:#x}, {b:#x}, {c:#x}, {result:#x}}},")


main()
