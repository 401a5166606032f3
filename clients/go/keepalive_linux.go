// Probes on TCP connections: a server's machine that goes without a word is noticed by the kernel,
// also while a call waits without a deadline.

package assay

import (
	"net"
	"syscall"
)

// keepAlive turns the probes on. A system that refuses one of the options keeps its own number for
// that, and the connection is used all the same.
func keepAlive(socket net.Conn) {
	tcp, ok := socket.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(descriptor uintptr) {
		for _, each := range []struct{ level, option, value int }{
			{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, int(keepAliveIdle.Seconds())},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, int(keepAliveInterval.Seconds())},
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, keepAliveProbes},
		} {
			_ = syscall.SetsockoptInt(int(descriptor), each.level, each.option, each.value)
		}
	})
}
