package phonetype

import (
	"encoding/json"
	"fmt"

	"github.com/lintel-run/lintel/elements/phone/numbering"
	"github.com/lintel-run/lintel/plugins/sdk"
)

const (
	china = "CN"

	wrongRegions = "there is a region that doesn't exist; regions are ISO 3166 codes in capitals, such as CN"
	wrongRegion  = "there is no such region; regions are ISO 3166 codes in capitals, such as CN"
)

// defaultRegion returns the region of numbers without a country code where none is
// configured.
func defaultRegion(regions []string) string {
	if len(regions) == 1 {
		return regions[0]
	}
	return china
}

// refuseRegions refuses regions that don't exist, and a default region that is not
// one of the regions where one of the two is left out, in the schema, before any
// process runs. open refuses them, too.
func refuseRegions() []sdk.Part {
	known, err := json.Marshal(numbering.Regions())
	if err != nil {
		panic(err)
	}
	no := fmt.Sprintf(`{"type":"string","not":{"enum":%s}}`, known)
	return []sdk.Part{
		sdk.RefuseIf(fmt.Sprintf(`{"required":["defaultRegion"],"not":{"required":["regions"]},"properties":{"defaultRegion":{"enum":%s,"not":{"const":%q}}}}`, known, china),
			"/defaultRegion", "the default region is not among regions, which is [\"CN\"] where it is not set"),
		sdk.RefuseIf(fmt.Sprintf(`{"not":{"required":["defaultRegion"]},"required":["regions"],"properties":{"regions":{"minItems":2,"items":{"enum":%s},"not":{"contains":{"const":%q}}}}}`, known, china),
			"/defaultRegion", "the default region is CN where it is not set, and CN is not among regions: name one of them"),
		sdk.RefuseIf(`{"required":["regions"],"properties":{"regions":{"contains":`+no+`}}}`, "/regions", wrongRegions),
		sdk.RefuseIf(`{"required":["defaultRegion"],"properties":{"defaultRegion":`+no+`}}`, "/defaultRegion", wrongRegion),
	}
}
