package outbox

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/lintel-run/lintel/elements/SMS/delivery"
)

// capacity bounds the messages of an instance.
const capacity = 200

// Message is a message that was not sent.
type Message struct {
	Time     time.Time         `json:"time"`
	Vendor   string            `json:"vendor"`
	Phone    string            `json:"phone"`
	Template string            `json:"template"`
	Params   map[string]string `json:"params"`
	Text     string            `json:"text"`
}

// stores are the stores of all instances by name. A store outlives a change of its
// instance's configuration.
type stores struct {
	mu     sync.Mutex
	byName map[string]*store
}

func newStores() *stores { return &stores{byName: make(map[string]*store)} }

func (s *stores) of(instance string) *store {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byName[instance] == nil {
		s.byName[instance] = &store{}
	}
	return s.byName[instance]
}

// store holds the messages of one instance, oldest first. It is a delivery.Vendor.
type store struct {
	mu       sync.Mutex
	messages []Message
	count    int
}

// Deliver implements delivery.Vendor.
func (s *store) Deliver(_ context.Context, m *delivery.Message) delivery.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	if len(s.messages) == capacity {
		s.messages = slices.Delete(s.messages, 0, 1)
	}
	s.messages = append(s.messages, Message{
		Time: time.Now().UTC(), Vendor: "Outbox", Phone: m.Phone.E164(), Template: m.Template, Params: m.Given, Text: m.Text,
	})
	return delivery.Accepted("outbox-" + strconv.Itoa(s.count))
}

func (s *store) newestFirst() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := append([]Message{}, s.messages...)
	slices.Reverse(list)
	return list
}
