package phonetype

import (
	"encoding/json"
	"fmt"

	"github.com/lintel-run/lintel/elements/phone/numbering"
	"github.com/lintel-run/lintel/plugins/sdk"
)

const (
	wrongRegions = "there is a region that doesn't exist; regions are ISO 3166 codes in capitals, such as CN"
	wrongRegion  = "there is no such region; regions are ISO 3166 codes in capitals, such as CN"
)

// refuseRegions refuses regions that don't exist in the schema, before any process
// runs. open refuses them, too.
func refuseRegions() []sdk.Part {
	known, err := json.Marshal(numbering.Regions())
	if err != nil {
		panic(err)
	}
	no := fmt.Sprintf(`{"type":"string","not":{"enum":%s}}`, known)
	return []sdk.Part{
		sdk.RefuseIf(`{"required":["regions"],"properties":{"regions":{"contains":`+no+`}}}`, "/regions", wrongRegions),
		sdk.RefuseIf(`{"required":["defaultRegion"],"properties":{"defaultRegion":`+no+`}}`, "/defaultRegion", wrongRegion),
	}
}
