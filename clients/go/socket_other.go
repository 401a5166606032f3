//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package assay

import "net"

// hasInput needs a system call that this system does not have; the reading goroutine must do.
func hasInput(net.Conn) bool { return false }

// writeNow needs one as well; a goroutine writes everything instead.
func writeNow(net.Conn, []byte) int { return 0 }

// keepAlive has one time for idling and probing, and the system's own count.
func keepAlive(socket net.Conn) {
	if tcp, ok := socket.(*net.TCPConn); ok {
		_ = tcp.SetKeepAlive(true)
		_ = tcp.SetKeepAlivePeriod(keepAliveIdle)
	}
}
