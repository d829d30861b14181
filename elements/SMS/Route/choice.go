package route

import (
	"math/rand/v2"
	"slices"

	"github.com/lintel-run/lintel/elements/phone"
	"github.com/lintel-run/lintel/elements/phone/numbering"
)

// routeFor returns the route of a number: the first with its region, else the one
// without regions, or nil.
func (c Config) routeFor(number phone.Number) *Route {
	region := numbering.Region(number.E164())
	var fallback *Route
	for i := range c.Routes {
		route := &c.Routes[i]
		switch {
		case len(route.Regions) == 0:
			fallback = route
		case slices.Contains(route.Regions, region):
			return route
		}
	}
	return fallback
}

// order returns the elements of a route in the order in which to try them.
func (r *Route) order() []string {
	if r.Strategy != weighted {
		return r.Use
	}
	left := slices.Clone(r.Weights)
	order := make([]string, 0, len(r.Use))
	for range r.Use {
		i := pick(left)
		if i < 0 {
			break
		}
		order = append(order, r.Use[i])
		left[i] = 0
	}
	for i, name := range r.Use { // elements of weight 0 come last
		if r.Weights[i] == 0 {
			order = append(order, name)
		}
	}
	return order
}

// pick returns a random index, each with the probability of its weight, or -1 if all
// weights are 0.
func pick(weights []int) int {
	sum := 0
	for _, weight := range weights {
		sum += weight
	}
	if sum == 0 {
		return -1
	}
	at := rand.IntN(sum) //nolint:gosec // the choice of a vendor is no secret
	for i, weight := range weights {
		if at -= weight; at < 0 {
			return i
		}
	}
	return -1
}
