#!/bin/bash
# The devices as Debian's kernel sees them: serial port, clock, disk, entropy; and that two runs with
# the same input are the same run.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0
failed=0

result() { # NAME STATUS
	number=$((number + 1))
	if [ "$2" = 0 ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		failed=1
	fi
}

shows() { # NAME PATTERN: the console of the first run has it
	grep -qaE "$2" "$scratch/console1"
	result "$1" $?
}

skip() {
	echo "ok 1 - devices under Linux # SKIP $1"
	echo "1..1"
	exit 0
}

[ -z "${TRAPLINE_QUICK:-}" ] || skip "quick"
kernel=$(tools/guest-image riscv64 kernel 2>/dev/null) || skip "no kernel"
busybox=$(tools/guest-image riscv64 busybox 2>/dev/null) || skip "no busybox"
modules=$(tools/guest-image riscv64 modules 2>/dev/null) || skip "no modules"

root=$scratch/root
mkdir -p "$root"/{bin,dev,proc,sys}
cp "$busybox" "$root/bin/busybox"
cp "$modules"/*.ko "$root"
cat >"$root/init" <<'INIT'
#!/bin/busybox sh
PATH=/bin
/bin/busybox --install /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
insmod /virtio_mmio.ko
insmod /virtio_blk.ko
insmod /virtio-rng.ko
dmesg | grep -E 'ttyS0|rtc|virtio'
cat /sys/class/misc/hw_random/rng_available
echo "entropy: $(dd if=/dev/hwrng bs=16 count=1 2>/dev/null | hexdump -e '16/1 "%02x"')"
echo "disk: $(dd if=/dev/vda bs=512 skip=2 count=1 2>/dev/null | head -c 14)"
echo written by the guest | dd of=/dev/vda bs=512 seek=5 conv=fsync,sync 2>/dev/null && echo "write: ok"
dd if=/dev/zero of=/dev/vdb bs=512 count=1 2>/dev/null || echo "read-only: refused"
read line
echo "line: $line"
poweroff -f
INIT
chmod +x "$root/init"
echo "typed before the guest was ready, and longer than a FIFO" >"$scratch/input"

boot() { # RUN
	{
		head -c 1024 /dev/zero
		echo on-the-disk-ok
	} >"$scratch/disk"
	truncate -s 64K "$scratch/disk"
	truncate -s 64K "$scratch/disk2"
	"$TRAPLINE" run -q -m 128M --timeout 240s --seed 7 --append "console=ttyS0 loglevel=4" \
		--device "virtio-blk,file=$scratch/disk" --device virtio-rng \
		--device "virtio-blk,file=$scratch/disk2,ro=on" --root "$root" "$kernel" \
		<"$scratch/input" >"$scratch/console$1" 2>"$scratch/error$1"
}

boot 1
result "the guest powers off with status 0" $?
shows "the serial port is found to be a 16550A" 'ttyS0 at MMIO 0x10000000 .* is a 16550A'
shows "the clock sets the time" 'setting system clock to 2026-01-01T00:00:00'
shows "the entropy source is there" '^virtio_rng.0'
shows "entropy comes" '^entropy: [0-9a-f]{32}'
shows "the disk is read" '^disk: on-the-disk-ok'
shows "the disk is written" '^write: ok'
dd if="$scratch/disk" bs=512 skip=5 count=1 2>/dev/null | grep -qa '^written by the guest$'
result "what was written is in the image" $?
shows "a read-only disk stays so" '^read-only: refused'
shows "early input is not lost" '^line: typed before the guest was ready, and longer than a FIFO'
boot 2
cmp -s "$scratch/console1" "$scratch/console2"
result "a second run prints the same, byte for byte" $?
[ "$failed" = 0 ] || sed 's/^/# /' "$scratch"/{console1,error1}
echo "1..$number"
