package runtime

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/plugins/elementv1"
)

func TestStepsOfAPluginThatCallsThemRungsAreRead(t *testing.T) {
	want := []CheckStep{{Name: "configuration", OK: true}, {Name: "credentials", Message: "refused"}}
	former := []*elementv1.Rung{{Name: "configuration", Ok: true}, {Name: "credentials", Message: "refused"}} //nolint:staticcheck // the former name is still read
	steps := []*elementv1.CheckStep{{Name: "configuration", Ok: true}, {Name: "credentials", Message: "refused"}}
	require.Equal(t, want, stepsOf(&elementv1.CheckResponse{Rungs: former}))                                               //nolint:staticcheck // the former name is still read
	require.Equal(t, want, stepsOf(&elementv1.CheckResponse{Steps: steps, Rungs: former}), "both, as the SDK writes them") //nolint:staticcheck // the former name is still read
}

func TestCheckShowsItsStepsUnderBothNames(t *testing.T) {
	check := Check{Element: "SMS.one"}
	check.Add(CheckStep{Name: "configuration", OK: true})
	check.Add(CheckStep{Name: "credentials"})
	text, err := json.Marshal(&check)
	require.NoError(t, err)
	require.JSONEq(t, `{"element":"SMS.one",
		"steps":[{"name":"configuration","ok":true},{"name":"credentials","ok":false}],
		"rungs":[{"name":"configuration","ok":true},{"name":"credentials","ok":false}]}`, string(text))
	require.False(t, check.OK())
}
