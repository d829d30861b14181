package route

import (
	"strconv"

	"github.com/lintel-run/lintel/elements/phone/numbering"
	"github.com/lintel-run/lintel/plugins/sdk"
)

// Config is an instance's configuration.
type Config struct {
	Routes       []Route  `json:"routes" jsonschema:"required,minItems=1" doc:"The first route that has the number's region takes the message; one without regions takes what no other does."`
	Timeout      int      `json:"timeout,omitempty" jsonschema:"minimum=100,maximum=60000" doc:"Milliseconds that a message may take over all vendors that are tried; without it each vendor's own."`
	VerifyParams []string `json:"verifyParams,omitempty" doc:"The templates' variables, in order, in place of what the vendors' elements have."`
}

// The strategies.
const (
	failover = "failover"
	weighted = "weighted"
)

// Route is one route.
type Route struct {
	Regions  []string `json:"regions,omitempty" doc:"ISO 3166 codes in capitals; none: every number that no other route takes."`
	Use      []string `json:"use" jsonschema:"required,minItems=1,maxItems=16" element:"SMS.Meta" doc:"Full names of the SMS elements to use."`
	Strategy string   `json:"strategy,omitempty" jsonschema:"enum=failover,enum=weighted" default:"failover" doc:"failover: in the order of use. weighted: one by chance, as the weights say, then the others."`
	Weights  []int    `json:"weights,omitempty" doc:"Of weighted: a whole number from 0 to 1000 for each element of use; 0 is used only when others refuse."`
}

// maxWeight bounds a weight.
const maxWeight = 1000

// check returns the errors that the schema can't find.
func (c Config) check() []error {
	var wrong []error
	refuse := func(pointer, format string, args ...any) {
		wrong = append(wrong, sdk.ConfigError(pointer, format, args...))
	}
	taken := make(map[string]bool)
	defaults := 0
	for i, route := range c.Routes {
		at := "/routes/" + strconv.Itoa(i)
		if len(route.Regions) == 0 {
			if defaults++; defaults > 1 {
				refuse(at, "there are two routes without regions; only one can take what is left")
			}
		}
		for j, region := range route.Regions {
			pointer := at + "/regions/" + strconv.Itoa(j)
			switch {
			case numbering.CallingCode(region) == 0:
				refuse(pointer, "there is no such region; regions are ISO 3166 codes in capitals, such as CN")
			case taken[region]:
				refuse(pointer, "the region is in two places")
			}
			taken[region] = true
		}
		used := make(map[string]bool)
		for j, name := range route.Use {
			if used[name] {
				refuse(at+"/use/"+strconv.Itoa(j), "the element is in this route twice")
			}
			used[name] = true
		}
		wrong = append(wrong, route.checkWeights(at)...)
	}
	return wrong
}

func (r Route) checkWeights(at string) []error {
	switch {
	case r.Strategy != weighted && len(r.Weights) > 0:
		return []error{sdk.ConfigError(at+"/weights", `weights go with "strategy": "weighted"`)}
	case r.Strategy == weighted && len(r.Weights) != len(r.Use):
		return []error{sdk.ConfigError(at+"/weights", "there must be as many weights as elements in use")}
	}
	sum := 0
	for i, weight := range r.Weights {
		if weight < 0 || weight > maxWeight {
			return []error{sdk.ConfigError(at+"/weights/"+strconv.Itoa(i), "a weight is from 0 to %d", maxWeight)}
		}
		sum += weight
	}
	if r.Strategy == weighted && sum == 0 {
		return []error{sdk.ConfigError(at+"/weights", "at least one weight must be more than 0")}
	}
	return nil
}
