package route

import (
	"math/rand/v2"

	"github.com/lintel-run/lintel/elements/phone/numbering"
)

// pathOf gives the route of a number in E.164: the first that has its region, else
// the one without regions; nil when there is none.
func (r *Route) pathOf(e164 string) *Path {
	region := numbering.Region(e164)
	var rest *Path
	for i := range r.config.Routes {
		path := &r.config.Routes[i]
		if len(path.Regions) == 0 {
			rest = path
		}
		for _, own := range path.Regions {
			if own == region {
				return path
			}
		}
	}
	return rest
}

// order gives the elements of a route in the order in which they are to be tried.
func (p *Path) order() []string {
	if p.Strategy != weighted {
		return p.Use
	}
	left := append([]int(nil), p.Weights...)
	order := make([]string, 0, len(p.Use))
	for range p.Use {
		i := pick(left)
		if i < 0 {
			break
		}
		order = append(order, p.Use[i])
		left[i] = 0
	}
	for i, name := range p.Use { // those of weight 0 come last
		if p.Weights[i] == 0 {
			order = append(order, name)
		}
	}
	return order
}

// pick gives an index by chance, each as often as its weight says; -1 when all
// weights are 0.
func pick(weights []int) int {
	sum := 0
	for _, weight := range weights {
		sum += weight
	}
	if sum == 0 {
		return -1
	}
	at := rand.IntN(sum) //nolint:gosec // which vendor is used is no secret
	for i, weight := range weights {
		if at -= weight; at < 0 {
			return i
		}
	}
	return -1
}
