//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package assay

import "net"

// hasInput always returns false, since the system lacks the system call. Only the reading goroutine
// notices input.
func hasInput(net.Conn) bool { return false }

// writeNow writes nothing, so a goroutine writes all bytes.
func writeNow(net.Conn, []byte) int { return 0 }

// probe leaves the system's values unchanged.
func probe(net.Conn) {}
