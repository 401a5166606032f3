//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

// What net.Conn does not offer: a look at what has arrived, a write that never waits, and probes.

package assay

import (
	"net"
	"runtime"
	"syscall"
)

// control hands a socket's descriptor to do, which must not block; false when there is none.
func control(socket net.Conn, do func(descriptor int)) bool {
	system, ok := socket.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := system.SyscallConn()
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

// keepAlive has the kernel probe a TCP connection that is silent: a server's machine that goes
// without a word is noticed, also while a call waits without a deadline. A system that refuses one
// of the options, or is not Linux, keeps its own number for that.
func keepAlive(socket net.Conn) {
	tcp, ok := socket.(*net.TCPConn)
	if !ok {
		return
	}
	_ = tcp.SetKeepAlive(true)
	_ = tcp.SetKeepAlivePeriod(keepAliveIdle)
	if runtime.GOOS != "linux" {
		return
	}
	const keepInterval, keepCount = 5, 6 // TCP_KEEPINTVL, TCP_KEEPCNT: package syscall has them there
	control(socket, func(descriptor int) {
		_ = syscall.SetsockoptInt(descriptor, syscall.IPPROTO_TCP, keepInterval,
			int(keepAliveInterval.Seconds()))
		_ = syscall.SetsockoptInt(descriptor, syscall.IPPROTO_TCP, keepCount, keepAliveProbes)
	})
}
