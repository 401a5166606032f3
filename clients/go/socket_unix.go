//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

// Socket functions that net.Conn lacks: a check for input, a write that never blocks, and probes.

package assay

import (
	"net"
	"runtime"
	"syscall"
)

// control passes a socket's descriptor to do, which must not block. Returns false when the socket
// is closed.
func control(socket net.Conn, do func(descriptor int)) bool {
	raw, err := socket.(syscall.Conn).SyscallConn() // TCP and Unix sockets are syscall.Conn
	return err == nil && raw.Control(func(descriptor uintptr) { do(int(descriptor)) }) == nil
}

// hasInput returns true when a read would return at once with bytes, the end, or an error. hasInput
// takes no bytes and never blocks. The reading goroutine may notice the end of a connection too
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

// writeNow writes the bytes that the socket accepts at once, and returns their number. A full
// socket must not delay a caller whose context ends. The next write reports errors.
func writeNow(socket net.Conn, bytes []byte) int {
	written := 0
	control(socket, func(descriptor int) {
		if count, err := syscall.Write(descriptor, bytes); err == nil {
			written = count
		}
	})
	return written
}

// probe sets the interval and number of the kernel's probes on a silent TCP connection. A system
// that refuses, or is not Linux, keeps its own values.
func probe(socket net.Conn) {
	if _, ok := socket.(*net.TCPConn); ok && runtime.GOOS == "linux" {
		const interval, count = 5, 6 // TCP_KEEPINTVL, TCP_KEEPCNT: package syscall has them there only
		control(socket, func(descriptor int) {
			_ = syscall.SetsockoptInt(descriptor, syscall.IPPROTO_TCP, interval, keepAliveInterval)
			_ = syscall.SetsockoptInt(descriptor, syscall.IPPROTO_TCP, count, keepAliveProbes)
		})
	}
}
