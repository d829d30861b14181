package phonetype

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANumberIsInTheRiskGroupsOfItsPrefixAndItsCountry(t *testing.T) {
	for e164, want := range map[string][]string{
		"+8613800138000": {"prefix +8613800", "country CN"},
		"+8613800999999": {"prefix +8613800", "country CN"},
		"+447400123456":  {"prefix +4474001", "country GB"},
		"+12042345678":   {"prefix +1204234", "country CA"},
		"+12012345678":   {"prefix +1201234", "country US"},
		"+1":             {"prefix +1", "country "},
	} {
		require.Equal(t, want, riskGroups(e164), e164)
	}
}
