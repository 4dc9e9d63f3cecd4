/* The assembler: every row of its table, as Capstone reads it back. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "engine/x86_emit.h"
#include "tests/jit/disassemble.h"

static uint8_t buffer[64];

static struct x86_code start(void)
{
	memset(buffer, 0, sizeof(buffer));
	return (struct x86_code){.at = buffer, .end = buffer + sizeof(buffer)};
}

/* The text of what was emitted, which must be one instruction. */
static const char *text_of(const struct x86_code *code)
{
	return disassemble_one(buffer, (size_t)(code->at - buffer));
}

struct example {
	enum x86_insn insn;
	bool wide;
	unsigned reg;
	struct x86_rm rm;
	int32_t imm;
	const char *text;
};

#define REG(n)                                                                                     \
	{                                                                                          \
		.base = X86_##n, .index = X86_NONE                                                 \
	}
#define MEM(n, where)                                                                              \
	{                                                                                          \
		true, X86_##n, X86_NONE, 0, where                                                  \
	}

/* clang-format off */
static const struct example examples[] = {
	{X86_ADD, 1, X86_RAX, REG(R8), 0, "add rax, r8"},
	{X86_OR, 0, X86_R9, REG(RDI), 0, "or r9d, edi"},
	{X86_AND, 1, X86_RSI, MEM(RBP, -128), 0, "and rsi, qword ptr [rbp - 0x80]"},
	{X86_SUB, 1, X86_R15, MEM(RBP, 0), 0, "sub r15, qword ptr [rbp]"},
	{X86_XOR, 0, X86_RCX, REG(RDX), 0, "xor ecx, edx"},
	{X86_CMP, 1, X86_RDX, MEM(RCX, 8), 0, "cmp rdx, qword ptr [rcx + 8]"},
	{X86_TEST, 0, X86_RAX, REG(RAX), 0, "test eax, eax"},
	{X86_ADD_I32, 1, 0, REG(R12), 0x1234, "add r12, 0x1234"},
	{X86_OR_I32, 1, 0, REG(RAX), 0x12345678, "or rax, 0x12345678"},
	{X86_AND_I32, 1, 0, REG(RDX), -4096, "and rdx, 0xfffffffffffff000"},
	{X86_SUB_I32, 1, 0, REG(RSP), 0x100, "sub rsp, 0x100"},
	{X86_XOR_I32, 0, 0, REG(RAX), 0x1000, "xor eax, 0x1000"},
	{X86_CMP_I32, 1, 0, MEM(R12, 0x200), 0x1000, "cmp qword ptr [r12 + 0x200], 0x1000"},
	{X86_ADD_I8, 1, 0, REG(RSP), 8, "add rsp, 8"},
	{X86_OR_I8, 0, 0, REG(R8), 1, "or r8d, 1"},
	{X86_AND_I8, 1, 0, REG(RAX), -2, "and rax, 0xfffffffffffffffe"},
	{X86_SUB_I8, 1, 0, REG(R15), 64, "sub r15, 0x40"},
	{X86_XOR_I8, 1, 0, REG(RBX), 5, "xor rbx, 5"},
	{X86_CMP_I8, 0, 0, MEM(RBP, 4), 7, "cmp dword ptr [rbp + 4], 7"},
	{X86_CMP8_I8, 0, 0, MEM(RBP, 0x300), 0, "cmp byte ptr [rbp + 0x300], 0"},
	{X86_MOV, 1, X86_R10, MEM(R13, 0), 0, "mov r10, qword ptr [r13]"},
	{X86_MOV_TO, 0, X86_R11, MEM(RAX, 0), 0, "mov dword ptr [rax], r11d"},
	{X86_MOV16_TO, 0, X86_RSI, MEM(RAX, 0), 0, "mov word ptr [rax], si"},
	{X86_MOV8_TO, 0, X86_RSI, MEM(RAX, 0), 0, "mov byte ptr [rax], sil"},
	{X86_MOV8_TO, 0, X86_RDI, MEM(RAX, 0), 0, "mov byte ptr [rax], dil"},
	{X86_MOV8_TO, 0, X86_RBX, MEM(RAX, 0), 0, "mov byte ptr [rax], bl"},
	{X86_MOV8_TO, 0, X86_R9, MEM(RAX, 0), 0, "mov byte ptr [rax], r9b"},
	{X86_MOV_I32, 1, 0, MEM(RBP, -8), -1, "mov qword ptr [rbp - 8], 0xffffffffffffffff"},
	{X86_MOV8_I8, 0, 0, MEM(RBP, 0x200), 4, "mov byte ptr [rbp + 0x200], 4"},
	{X86_MOVSXD, 1, X86_RBX, REG(RAX), 0, "movsxd rbx, eax"},
	{X86_MOVZX8, 0, X86_RAX, REG(RSI), 0, "movzx eax, sil"},
	{X86_MOVZX16, 0, X86_RAX, REG(R14), 0, "movzx eax, r14w"},
	{X86_MOVSX8, 1, X86_R8, REG(RDI), 0, "movsx r8, dil"},
	{X86_MOVSX16, 1, X86_RAX, MEM(RAX, 0), 0, "movsx rax, word ptr [rax]"},
	{X86_LEA, 1, X86_RAX, {true, X86_R13, X86_RCX, 3, 0}, 0, "lea rax, [r13 + rcx*8]"},
	{X86_LEA, 1, X86_R9, {true, X86_R12, X86_R10, 1, 16}, 0, "lea r9, [r12 + r10*2 + 0x10]"},
	{X86_ROL_CL, 0, 0, REG(RAX), 0, "rol eax, cl"},
	{X86_ROR_CL, 1, 0, REG(RAX), 0, "ror rax, cl"},
	{X86_SHL_CL, 1, 0, REG(RDX), 0, "shl rdx, cl"},
	{X86_SHR_CL, 0, 0, REG(R8), 0, "shr r8d, cl"},
	{X86_SAR_CL, 1, 0, REG(RAX), 0, "sar rax, cl"},
	{X86_ROR_I8, 1, 0, REG(RBX), 5, "ror rbx, 5"},
	{X86_SHL_I8, 1, 0, REG(R11), 63, "shl r11, 0x3f"},
	{X86_SHR_I8, 0, 0, REG(RCX), 7, "shr ecx, 7"},
	{X86_SAR_I8, 1, 0, REG(RSI), 3, "sar rsi, 3"},
	{X86_SHRD_I8, 1, X86_RCX, REG(RAX), 9, "shrd rax, rcx, 9"},
	{X86_BTS, 1, X86_RCX, REG(RAX), 0, "bts rax, rcx"},
	{X86_BTR, 1, X86_RCX, REG(R9), 0, "btr r9, rcx"},
	{X86_BTC, 1, X86_RCX, REG(RAX), 0, "btc rax, rcx"},
	{X86_BTS_I8, 1, 0, REG(RAX), 40, "bts rax, 0x28"},
	{X86_BTR_I8, 1, 0, REG(R14), 1, "btr r14, 1"},
	{X86_BTC_I8, 1, 0, REG(RAX), 2, "btc rax, 2"},
	{X86_LZCNT, 1, X86_R8, REG(RAX), 0, "lzcnt r8, rax"},
	{X86_TZCNT, 0, X86_RAX, REG(R10), 0, "tzcnt eax, r10d"},
	{X86_POPCNT, 1, X86_RAX, MEM(RBP, 16), 0, "popcnt rax, qword ptr [rbp + 0x10]"},
	{X86_TEST_I32, 0, 0, REG(R8), 15, "test r8d, 0xf"},
	{X86_NOT, 1, 0, REG(RAX), 0, "not rax"},
	{X86_NEG, 0, 0, REG(RCX), 0, "neg ecx"},
	{X86_IMUL, 1, X86_R12, REG(RSI), 0, "imul r12, rsi"},
	{X86_IMUL_I32, 0, X86_RCX, REG(RAX), 1000, "imul ecx, eax, 0x3e8"},
	{X86_MUL_WIDE, 1, 0, REG(R9), 0, "mul r9"},
	{X86_IMUL_WIDE, 1, 0, MEM(RBP, 24), 0, "imul qword ptr [rbp + 0x18]"},
	{X86_CALL_RM, 0, 0, {true, X86_RDX, X86_RCX, 3, 0}, 0, "call qword ptr [rdx + rcx*8]"},
	{X86_JMP_RM, 0, 0, MEM(RDX, 80), 0, "jmp qword ptr [rdx + 0x50]"},
	{X86_DIV, 1, 0, REG(R9), 0, "div r9"},
	{X86_IDIV, 0, 0, MEM(RBP, 24), 0, "idiv dword ptr [rbp + 0x18]"},
	{X86_MOVAPS, 0, 8, REG(RBX), 0, "movaps xmm8, xmm3"},
	{X86_ANDPS, 0, 0, REG(R15), 0, "andps xmm0, xmm15"},
	{X86_ANDNPS, 0, 1, REG(RAX), 0, "andnps xmm1, xmm0"},
	{X86_ORPS, 0, 9, REG(R9), 0, "orps xmm9, xmm9"},
	{X86_XORPS, 0, 0, REG(RCX), 0, "xorps xmm0, xmm1"},
	{X86_PCMPEQD, 0, 9, REG(R9), 0, "pcmpeqd xmm9, xmm9"},
	{X86_PADDB, 0, 0, REG(RCX), 0, "paddb xmm0, xmm1"},
	{X86_PADDW, 0, 1, REG(RAX), 0, "paddw xmm1, xmm0"},
	{X86_PADDD, 0, 9, REG(R9), 0, "paddd xmm9, xmm9"},
	{X86_PADDQ, 0, 0, REG(RCX), 0, "paddq xmm0, xmm1"},
	{X86_PSUBB, 0, 1, REG(RAX), 0, "psubb xmm1, xmm0"},
	{X86_PSUBW, 0, 9, REG(R9), 0, "psubw xmm9, xmm9"},
	{X86_PSUBD, 0, 0, REG(RCX), 0, "psubd xmm0, xmm1"},
	{X86_PSUBQ, 0, 1, REG(RAX), 0, "psubq xmm1, xmm0"},
	{X86_PMULLW, 0, 9, REG(R9), 0, "pmullw xmm9, xmm9"},
	{X86_PCMPEQB, 0, 0, REG(RCX), 0, "pcmpeqb xmm0, xmm1"},
	{X86_PCMPEQW, 0, 1, REG(RAX), 0, "pcmpeqw xmm1, xmm0"},
	{X86_PCMPGTB, 0, 9, REG(R9), 0, "pcmpgtb xmm9, xmm9"},
	{X86_PCMPGTW, 0, 0, REG(RCX), 0, "pcmpgtw xmm0, xmm1"},
	{X86_PCMPGTD, 0, 1, REG(RAX), 0, "pcmpgtd xmm1, xmm0"},
	{X86_PMAXUB, 0, 9, REG(R9), 0, "pmaxub xmm9, xmm9"},
	{X86_PMINUB, 0, 0, REG(RCX), 0, "pminub xmm0, xmm1"},
	{X86_PMAXSW, 0, 1, REG(RAX), 0, "pmaxsw xmm1, xmm0"},
	{X86_PMINSW, 0, 9, REG(R9), 0, "pminsw xmm9, xmm9"},
	{X86_MOVQ, 0, 9, REG(R9), 0, "movq xmm9, xmm9"},
	{X86_MOVUPS, 0, 0, MEM(RBP, 8), 0, "movups xmm0, xmmword ptr [rbp + 8]"},
	{X86_MOVUPS_TO, 0, 9, MEM(R8, 8), 0, "movups xmmword ptr [r8 + 8], xmm9"},
	{X86_PSRLW_I8, 0, 0, REG(RDX), 7, "psrlw xmm2, 7"},
	{X86_PSRAW_I8, 0, 0, REG(R9), 7, "psraw xmm9, 7"},
	{X86_PSLLW_I8, 0, 0, REG(RAX), 7, "psllw xmm0, 7"},
	{X86_PSRLD_I8, 0, 0, REG(RDI), 7, "psrld xmm7, 7"},
	{X86_PSRAD_I8, 0, 0, REG(R14), 7, "psrad xmm14, 7"},
	{X86_PSRLQ_I8, 0, 0, REG(RBP), 7, "psrlq xmm5, 7"},
	{X86_PSRLDQ_I8, 0, 0, REG(R12), 7, "psrldq xmm12, 7"},
	{X86_PSLLDQ_I8, 0, 0, REG(RBX), 7, "pslldq xmm3, 7"},
	{X86_PSHUFD, 0, 9, REG(R10), 7, "pshufd xmm9, xmm10, 7"},
	{X86_PSHUFLW, 0, 14, REG(RCX), 7, "pshuflw xmm14, xmm1, 7"},
	{X86_PSHUFHW, 0, 3, REG(R8), 7, "pshufhw xmm3, xmm8, 7"},
	{X86_SHUFPS, 0, 8, REG(R15), 7, "shufps xmm8, xmm15, 7"},
	{X86_PUNPCKLBW, 0, 13, REG(RSI), 0, "punpcklbw xmm13, xmm6"},
	{X86_PUNPCKLWD, 0, 2, REG(R13), 0, "punpcklwd xmm2, xmm13"},
	{X86_PUNPCKLDQ, 0, 7, REG(RSP), 0, "punpckldq xmm7, xmm4"},
	{X86_PACKSSWB, 0, 12, REG(R11), 0, "packsswb xmm12, xmm11"},
	{X86_PACKUSWB, 0, 1, REG(RDX), 0, "packuswb xmm1, xmm2"},
	{X86_PUNPCKHBW, 0, 6, REG(R9), 0, "punpckhbw xmm6, xmm9"},
	{X86_PUNPCKHWD, 0, 11, REG(RAX), 0, "punpckhwd xmm11, xmm0"},
	{X86_PUNPCKHDQ, 0, 0, REG(RDI), 0, "punpckhdq xmm0, xmm7"},
	{X86_PUNPCKLQDQ, 0, 5, REG(R14), 0, "punpcklqdq xmm5, xmm14"},
	{X86_PUNPCKHQDQ, 0, 10, REG(RBP), 0, "punpckhqdq xmm10, xmm5"},
	{X86_PADDUSB, 0, 15, REG(R12), 0, "paddusb xmm15, xmm12"},
	{X86_PMULUDQ, 0, 4, REG(RBX), 0, "pmuludq xmm4, xmm3"},
	{X86_PINSRW, 0, 9, REG(R10), 7, "pinsrw xmm9, r10d, 7"},
	{X86_PINSRB, 0, 14, REG(RCX), 7, "pinsrb xmm14, ecx, 7"},
	{X86_PINSRD, 0, 3, REG(R8), 7, "pinsrd xmm3, r8d, 7"},
	{X86_PALIGNR, 0, 8, REG(R15), 7, "palignr xmm8, xmm15, 7"},
	{X86_PSHUFB, 0, 13, REG(RSI), 0, "pshufb xmm13, xmm6"},
	{X86_PABSB, 0, 2, REG(R13), 0, "pabsb xmm2, xmm13"},
	{X86_PABSW, 0, 7, REG(RSP), 0, "pabsw xmm7, xmm4"},
	{X86_PABSD, 0, 12, REG(R11), 0, "pabsd xmm12, xmm11"},
	{X86_PMOVSXBW, 0, 1, REG(RDX), 0, "pmovsxbw xmm1, xmm2"},
	{X86_PMOVSXWD, 0, 6, REG(R9), 0, "pmovsxwd xmm6, xmm9"},
	{X86_PMOVSXDQ, 0, 11, REG(RAX), 0, "pmovsxdq xmm11, xmm0"},
	{X86_PMULDQ, 0, 0, REG(RDI), 0, "pmuldq xmm0, xmm7"},
	{X86_PCMPEQQ, 0, 5, REG(R14), 0, "pcmpeqq xmm5, xmm14"},
	{X86_PACKUSDW, 0, 10, REG(RBP), 0, "packusdw xmm10, xmm5"},
	{X86_PMOVZXBW, 0, 15, REG(R12), 0, "pmovzxbw xmm15, xmm12"},
	{X86_PMOVZXWD, 0, 4, REG(RBX), 0, "pmovzxwd xmm4, xmm3"},
	{X86_PMOVZXDQ, 0, 9, REG(R10), 0, "pmovzxdq xmm9, xmm10"},
	{X86_PCMPGTQ, 0, 14, REG(RCX), 0, "pcmpgtq xmm14, xmm1"},
	{X86_PMINSB, 0, 3, REG(R8), 0, "pminsb xmm3, xmm8"},
	{X86_PMINSD, 0, 8, REG(R15), 0, "pminsd xmm8, xmm15"},
	{X86_PMINUW, 0, 13, REG(RSI), 0, "pminuw xmm13, xmm6"},
	{X86_PMINUD, 0, 2, REG(R13), 0, "pminud xmm2, xmm13"},
	{X86_PMAXSB, 0, 7, REG(RSP), 0, "pmaxsb xmm7, xmm4"},
	{X86_PMAXSD, 0, 12, REG(R11), 0, "pmaxsd xmm12, xmm11"},
	{X86_PMAXUW, 0, 1, REG(RDX), 0, "pmaxuw xmm1, xmm2"},
	{X86_PMAXUD, 0, 6, REG(R9), 0, "pmaxud xmm6, xmm9"},
	{X86_PMULLD, 0, 11, REG(RAX), 0, "pmulld xmm11, xmm0"},
	{X86_AESIMC, 0, 0, REG(RDI), 0, "aesimc xmm0, xmm7"},
	{X86_AESENC, 0, 5, REG(R14), 0, "aesenc xmm5, xmm14"},
	{X86_AESENCLAST, 0, 10, REG(RBP), 0, "aesenclast xmm10, xmm5"},
	{X86_AESDECLAST, 0, 15, REG(R12), 0, "aesdeclast xmm15, xmm12"},
	{X86_PSLLD_I8, 0, 0, REG(RCX), 31, "pslld xmm1, 0x1f"},
	{X86_PSLLQ_I8, 0, 0, REG(R8), 63, "psllq xmm8, 0x3f"},
	{X86_MOVQ_FROM, 1, 0, REG(RAX), 0, "movq xmm0, rax"},
	{X86_MOVQ_FROM, 0, 12, REG(R9), 0, "movd xmm12, r9d"},
	{X86_MOVQ_TO, 1, 0, REG(RAX), 0, "movq rax, xmm0"},
	{X86_MOVQ_TO, 0, 0, REG(R9), 0, "movd r9d, xmm0"},

	{X86_MOVSD, 0, 0, MEM(RBP, 0x400), 0, "movsd xmm0, qword ptr [rbp + 0x400]"},
	{X86_MOVSD_TO, 0, 13, MEM(RAX, 0), 0, "movsd qword ptr [rax], xmm13"},
	{X86_CVTSI2SD, 1, 9, REG(R8), 0, "cvtsi2sd xmm9, r8"},
	{X86_CVTSI2SD, 0, 0, MEM(RBP, 8), 0, "cvtsi2sd xmm0, dword ptr [rbp + 8]"},
	{X86_CVTTSD2SI, 1, X86_RAX, REG(R9), 0, "cvttsd2si rax, xmm9"},
	{X86_CVTSD2SI, 1, X86_R8, MEM(RBP, 8), 0, "cvtsd2si r8, qword ptr [rbp + 8]"},
	{X86_UCOMISD, 0, 8, REG(RAX), 0, "ucomisd xmm8, xmm0"},
	{X86_SQRTSD, 0, 0, MEM(RBP, 8), 0, "sqrtsd xmm0, qword ptr [rbp + 8]"},
	{X86_ADDSD, 0, 1, REG(RCX), 0, "addsd xmm1, xmm1"},
	{X86_MULSD, 0, 0, MEM(RBP, 8), 0, "mulsd xmm0, qword ptr [rbp + 8]"},
	{X86_CVTSD2SS, 0, 12, REG(RBX), 0, "cvtsd2ss xmm12, xmm3"},
	{X86_SUBSD, 0, 9, MEM(RBP, 8), 0, "subsd xmm9, qword ptr [rbp + 8]"},
	{X86_MINSD, 0, 0, REG(R8), 0, "minsd xmm0, xmm8"},
	{X86_DIVSD, 0, 0, MEM(R8, 8), 0, "divsd xmm0, qword ptr [r8 + 8]"},
	{X86_MAXSD, 0, 0, REG(RDX), 0, "maxsd xmm0, xmm2"},
	{X86_ROUNDSD, 0, 9, REG(R10), 2, "roundsd xmm9, xmm10, 2"},

	{X86_MOVSS, 0, 0, MEM(RBP, 0x400), 0, "movss xmm0, dword ptr [rbp + 0x400]"},
	{X86_MOVSS_TO, 0, 13, MEM(RAX, 0), 0, "movss dword ptr [rax], xmm13"},
	{X86_CVTSI2SS, 1, 9, REG(R8), 0, "cvtsi2ss xmm9, r8"},
	{X86_CVTSI2SS, 0, 0, MEM(RBP, 8), 0, "cvtsi2ss xmm0, dword ptr [rbp + 8]"},
	{X86_CVTTSS2SI, 1, X86_RAX, REG(R9), 0, "cvttss2si rax, xmm9"},
	{X86_CVTSS2SI, 1, X86_R8, MEM(RBP, 8), 0, "cvtss2si r8, dword ptr [rbp + 8]"},
	{X86_UCOMISS, 0, 8, REG(RAX), 0, "ucomiss xmm8, xmm0"},
	{X86_SQRTSS, 0, 0, MEM(RBP, 8), 0, "sqrtss xmm0, dword ptr [rbp + 8]"},
	{X86_ADDSS, 0, 1, REG(RCX), 0, "addss xmm1, xmm1"},
	{X86_MULSS, 0, 0, MEM(RBP, 8), 0, "mulss xmm0, dword ptr [rbp + 8]"},
	{X86_CVTSS2SD, 0, 12, REG(RBX), 0, "cvtss2sd xmm12, xmm3"},
	{X86_SUBSS, 0, 9, MEM(RBP, 8), 0, "subss xmm9, dword ptr [rbp + 8]"},
	{X86_MINSS, 0, 0, REG(R8), 0, "minss xmm0, xmm8"},
	{X86_DIVSS, 0, 0, MEM(R8, 8), 0, "divss xmm0, dword ptr [r8 + 8]"},
	{X86_MAXSS, 0, 0, REG(RDX), 0, "maxss xmm0, xmm2"},
	{X86_ROUNDSS, 0, 9, REG(R10), 2, "roundss xmm9, xmm10, 2"},
	{X86_PINSRD, 1, 9, REG(RAX), 1, "pinsrq xmm9, rax, 1"},
};
/* clang-format on */

static const char *example_text(const struct example *e)
{
	struct x86_code code = start();
	/* Rows without an immediate emit none, whatever is given. */
	x86_op_imm(&code, e->insn, e->wide, e->reg, e->rm, e->imm);
	return text_of(&code);
}

Test(emit, every_row)
{
	bool seen[X86_INSN_COUNT] = {0};
	for (unsigned i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		cr_assert_str_eq(example_text(&examples[i]), examples[i].text);
		seen[examples[i].insn] = true;
	}
	for (unsigned i = 0; i < X86_INSN_COUNT; i++)
		cr_assert(seen[i], "row %u has no example", i);
}

/* All bases, indices and kinds of displacement; those of rsp, rbp, r12, r13 are irregular. */
Test(emit, every_address)
{
	static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
					    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
	static const struct {
		int32_t value;
		const char *text;
	} disps[] = {
		{0,     ""         },
		{16,    " + 0x10"  },
		{-128,  " - 0x80"  },
		{0x300, " + 0x300" },
		{-4096, " - 0x1000"}
        };
	for (unsigned base = 0; base < 16; base++) {
		for (unsigned d = 0; d < sizeof(disps) / sizeof(disps[0]); d++) {
			char expected[64];
			struct x86_code code = start();
			x86_op(&code, X86_MOV, true, X86_R9, x86_mem(base, disps[d].value));
			snprintf(expected, sizeof(expected), "mov r9, qword ptr [%s%s]",
				 names[base], disps[d].text);
			cr_assert_str_eq(text_of(&code), expected);
			for (unsigned index = 0; index < 16; index++) {
				if (index == X86_RSP)
					continue;
				code = start();
				x86_op(&code, X86_MOV_TO, false, X86_RAX,
				       x86_mem_index(base, index, 2, disps[d].value));
				snprintf(expected, sizeof(expected),
					 "mov dword ptr [%s + %s*4%s], eax", names[base],
					 names[index], disps[d].text);
				cr_assert_str_eq(text_of(&code), expected);
			}
		}
	}
}

#define EMITTED(expected, call)                                                                    \
	do {                                                                                       \
		struct x86_code code = start();                                                    \
		call;                                                                              \
		cr_assert_str_eq(text_of(&code), expected);                                        \
	} while (0)

Test(emit, forms_of_their_own)
{
	EMITTED("setl al", x86_setcc(&code, X86_L, X86_RAX));
	EMITTED("setae sil", x86_setcc(&code, X86_AE, X86_RSI));
	EMITTED("cmovg rax, r9", x86_cmov(&code, X86_G, true, X86_RAX, x86_reg(X86_R9)));
	EMITTED("cmovb ecx, dword ptr [rbp]",
		x86_cmov(&code, X86_B, false, X86_RCX, x86_mem(X86_RBP, 0)));
	EMITTED("push r12", x86_push(&code, X86_R12));
	EMITTED("push rbx", x86_push(&code, X86_RBX));
	EMITTED("pop r15", x86_pop(&code, X86_R15));
	EMITTED("bswap rax", x86_bswap(&code, X86_RAX));
	EMITTED("bswap r10", x86_bswap(&code, X86_R10));
	EMITTED("ret ", x86_ret(&code));
	EMITTED("xor eax, eax", x86_constant(&code, X86_RAX, 0));
	EMITTED("mov r9d, 0x80000000", x86_constant(&code, X86_R9, 0x80000000));
	EMITTED("mov ecx, 5", x86_constant(&code, X86_RCX, 5));
	EMITTED("mov rsi, 0xffffffffffffffff", x86_constant(&code, X86_RSI, UINT64_MAX));
	EMITTED("movabs r8, 0x123456789abcdef0", x86_constant(&code, X86_R8, 0x123456789abcdef0));
	EMITTED("add rcx, 0x7f", x86_arith_imm(&code, X86_ADD_I32, true, x86_reg(X86_RCX), 127));
	EMITTED("add rcx, 0x80", x86_arith_imm(&code, X86_ADD_I32, true, x86_reg(X86_RCX), 128));
	EMITTED("vfmadd231sd xmm3, xmm15, xmm4",
		x86_fma(&code, X86_FMADD, false, 3, 15, x86_reg(4)));
	EMITTED("vfmsub231ss xmm12, xmm0, xmm9",
		x86_fma(&code, X86_FMSUB, true, 12, 0, x86_reg(9)));
	EMITTED("vfnmadd231sd xmm0, xmm8, qword ptr [rbp + 8]",
		x86_fma(&code, X86_FNMADD, false, 0, 8, x86_mem(X86_RBP, 8)));
	EMITTED("vfnmsub231ss xmm8, xmm1, dword ptr [r9 + r10*8]",
		x86_fma(&code, X86_FNMSUB, true, 8, 1, x86_mem_index(X86_R9, X86_R10, 3, 0)));
	EMITTED("rorx ecx, r9d, 7", x86_rorx(&code, false, X86_RCX, x86_reg(X86_R9), 7));
	EMITTED("rorx r12, qword ptr [rbp - 8], 0x3f",
		x86_rorx(&code, true, X86_R12, x86_mem(X86_RBP, -8), 63));
	EMITTED("lea r10, [rip + 9]", x86_address(&code, X86_R10, buffer + 16));
}

/* Capstone takes the code to be at 0x1000. */
Test(emit, jumps_and_patches)
{
	EMITTED("jmp 0x1010", x86_jump(&code, buffer + 16));
	EMITTED("je 0x1020", x86_jump_if(&code, X86_E, buffer + 32));
	EMITTED("jmp 0x1100", x86_jump(&code, (const uint8_t *)((uintptr_t)buffer + 256)));
	EMITTED("jne 0x1100",
		x86_jump_if(&code, X86_NE, (const uint8_t *)((uintptr_t)buffer + 256)));
	EMITTED("call 0x1000", x86_call(&code, buffer));
	EMITTED("jmp 0x1030", x86_patch(&code, x86_jump(&code, NULL), buffer + 48));
}

/* Code that runs at another address than it is written to: the other half of the buffer. */
Test(emit, two_mappings)
{
	struct x86_code code = start();
	code.run = 32;
	cr_assert_eq(x86_here(&code), buffer + 32);
	x86_jump(&code, buffer + 48);
	cr_assert_str_eq(text_of(&code), "jmp 0x1010");
}

Test(emit, a_full_buffer_is_noticed)
{
	struct x86_code code = start();
	code.end = buffer + 3;
	x86_op_imm(&code, X86_ADD_I32, true, 0, x86_reg(X86_RAX), 1000);
	cr_assert(code.full);
	cr_assert_eq(code.at, code.end);
	cr_assert_eq(buffer[3], 0);
}
