//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

// What net.Conn does not offer: a look at what has arrived, a write that never waits, and probes.

package assay

import (
	"net"
	"runtime"
	"syscall"
)

// control hands a socket's descriptor to do, which must not block; false when it is closed.
func control(socket net.Conn, do func(descriptor int)) bool {
	raw, err := socket.(syscall.Conn).SyscallConn() // TCP's and Unix sockets have one
	return err == nil && raw.Control(func(descriptor uintptr) { do(int(descriptor)) }) == nil
}

// hasInput says whether reading would return something at once: bytes, the end, or an error. It
// takes nothing and never blocks. The reading goroutine learns it too, but perhaps a moment too
// late, and a request that is not safe to repeat must not be risked on a dead connection.
func hasInput(socket net.Conn) bool {
	found := false
	open := control(socket, func(descriptor int) {
		var one [1]byte
		_, _, err := syscall.Recvfrom(descriptor, one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		found = err != syscall.EAGAIN && err != syscall.EINTR
	})
	return found || !open
}

// writeNow writes what the socket takes at once and returns how much that was: a full socket must
// not keep a caller whose context ends. What is wrong with it is left for the next write to say.
func writeNow(socket net.Conn, bytes []byte) int {
	written := 0
	control(socket, func(descriptor int) {
		if count, err := syscall.Write(descriptor, bytes); err == nil {
			written = count
		}
	})
	return written
}

// probe sets how often and how many times the kernel probes a silent TCP connection before it gives
// it up. A system that refuses, or is not Linux, keeps its own numbers.
func probe(socket net.Conn) {
	if _, ok := socket.(*net.TCPConn); ok && runtime.GOOS == "linux" {
		const interval, count = 5, 6 // TCP_KEEPINTVL, TCP_KEEPCNT: package syscall has them there only
		control(socket, func(descriptor int) {
			_ = syscall.SetsockoptInt(descriptor, syscall.IPPROTO_TCP, interval, keepAliveInterval)
			_ = syscall.SetsockoptInt(descriptor, syscall.IPPROTO_TCP, count, keepAliveProbes)
		})
	}
}
