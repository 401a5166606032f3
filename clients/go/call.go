// One request in flight: the frames that have arrived for it, and how it is given up.

package assay

import "reflect"

// call is one request in flight; its connection's mutex guards it.
type call struct {
	connection *connection
	id         uint64
	kind       byte
	frames     []*frame // arrived and not taken
	first      *frame   // the first one, for comparison
	complete   bool     // the last one has arrived
	abandoned  bool     // nobody waits
	failure    *Error
	wake       chan struct{}
}

// rouse tells the waiting goroutine that something has changed; the mutex is held.
func (target *call) rouse() {
	select {
	case target.wake <- struct{}{}:
	default:
	}
}

// take removes the oldest frame; without one, says why there will be none.
func (target *call) take() (*frame, *Error) {
	c := target.connection
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(target.frames) == 0 {
		return nil, target.failure
	}
	next := target.frames[0]
	target.frames = target.frames[1:]
	return next, nil
}

// isComplete says whether the last frame has arrived.
func (target *call) isComplete() bool {
	c := target.connection
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return target.complete
}

// abandon drops what has come and what is still to come, and asks the server to stop. The place in
// flight is free when the last frame has come.
func (target *call) abandon() {
	c := target.connection
	c.mutex.Lock()
	asks := !target.complete && !target.abandoned && target.failure == nil
	target.abandoned, target.frames = true, nil
	c.mutex.Unlock()
	if asks {
		c.cancel(target.id)
	}
}

// cancel sends a Cancel whose own answer nobody waits for: at once when nobody is writing and the
// socket takes it, otherwise behind the caller's back. A failure is no news: the connection's end
// cancels as well.
func (c *connection) cancel(id uint64) {
	body, _, wrong := encode(cancelRequestTable, reflect.ValueOf(cancelRequest{Target: id}), nil)
	target, failure := c.register(kindCancel)
	if wrong != nil || failure != nil {
		return
	}
	bytes := pack(body, false).frame(kindCancel, target.id, 0)
	select {
	case c.writing <- struct{}{}:
		if written, whole := c.writeSome(bytes); !whole {
			go c.writeRest("Cancel", bytes, written)
		}
	default:
		go func() {
			c.writing <- struct{}{}
			c.writeRest("Cancel", bytes, 0)
		}()
	}
}
