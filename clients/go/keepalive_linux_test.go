// Tests of the probe options, read back from the socket.

package assay

import (
	"net"
	"syscall"
	"testing"
)

var probeOptions = map[string]struct{ level, option, value int }{
	"SO_KEEPALIVE":  {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
	"TCP_KEEPIDLE":  {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 30},
	"TCP_KEEPINTVL": {syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 10},
	"TCP_KEEPCNT":   {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 3},
}

func TestTCPConnectionsAreProbed(t *testing.T) {
	address, _ := listen(t, "tcp", "127.0.0.1:0", onePlace, (*peer).echo)
	c := client(t, address)
	expectFine(t, ping(c))
	raw, err := c.slots[0].socket.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for name, each := range probeOptions {
		found := 0
		controlled := raw.Control(func(descriptor uintptr) {
			found, err = syscall.GetsockoptInt(int(descriptor), each.level, each.option)
		})
		if controlled != nil || err != nil || found != each.value {
			t.Errorf("%s is %d (%v, %v), expected %d", name, found, controlled, err, each.value)
		}
	}
}
