//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

// A look at an idle connection before a request is written on it: has the server closed it, or said
// that it will? The reading goroutine learns it too, but perhaps a moment too late, and a request
// that is not safe to repeat must not be risked on a dead connection.
// And a write that never waits: a full socket must not keep a caller whose context ends.

package assay

import (
	"net"
	"syscall"
)

// hasInput says whether reading would return something at once: bytes, the end, or an error. It
// takes nothing and never blocks.
func hasInput(socket net.Conn) bool {
	system, ok := socket.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return true
	}
	found := false
	err = raw.Control(func(descriptor uintptr) {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(descriptor), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		found = err != syscall.EAGAIN && err != syscall.EINTR
	})
	return found || err != nil
}

// writeNow writes what the socket takes at once and returns how much that was. What is wrong with
// the socket is left for the next write to say.
func writeNow(socket net.Conn, bytes []byte) int {
	system, ok := socket.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return 0
	}
	written := 0
	_ = raw.Write(func(descriptor uintptr) bool {
		if count, err := syscall.Write(int(descriptor), bytes); err == nil {
			written = count
		}
		return true
	})
	return written
}
