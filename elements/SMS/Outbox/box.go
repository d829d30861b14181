package outbox

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// capacity is how many messages an instance keeps.
const capacity = 200

// Message is what would have been sent.
type Message struct {
	Time     time.Time         `json:"time"`
	Vendor   string            `json:"vendor"`
	Phone    string            `json:"phone"`
	Template string            `json:"template"`
	Params   map[string]string `json:"params"`
	Text     string            `json:"text"`
}

// boxes keeps the messages of instances by name: a changed configuration is
// another generation of the same instance and finds its messages again.
type boxes struct {
	mu   sync.Mutex
	byID map[string]*box
}

func newBoxes() *boxes { return &boxes{byID: make(map[string]*box)} }

func (b *boxes) of(instance string) *box {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byID[instance] == nil {
		b.byID[instance] = &box{}
	}
	return b.byID[instance]
}

// box is the messages of one instance, oldest first. It is a delivery.Vendor.
type box struct {
	mu       sync.Mutex
	messages []Message
	count    int
}

func (b *box) Deliver(_ context.Context, m *delivery.Message) delivery.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	if len(b.messages) == capacity {
		b.messages = slices.Delete(b.messages, 0, 1)
	}
	b.messages = append(b.messages, Message{
		Time: time.Now().UTC(), Vendor: "Outbox", Phone: m.Phone.E164(), Template: m.Template, Params: m.Given, Text: m.Text,
	})
	return delivery.Accepted("outbox-" + strconv.Itoa(b.count))
}

func (b *box) newestFirst() []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := slices.Clone(b.messages)
	slices.Reverse(list)
	if list == nil {
		list = []Message{}
	}
	return list
}
