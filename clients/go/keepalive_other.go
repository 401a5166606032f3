//go:build !linux

package assay

import "net"

// keepAlive turns the probes on, with one time for idling and interval and the system's own count:
// Go has names for the rest on Linux alone.
func keepAlive(socket net.Conn) {
	if tcp, ok := socket.(*net.TCPConn); ok {
		_ = tcp.SetKeepAlive(true)
		_ = tcp.SetKeepAlivePeriod(keepAliveIdle)
	}
}
