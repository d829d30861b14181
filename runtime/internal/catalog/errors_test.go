package catalog

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lintel-run/lintel/runtime/errortable"
	"github.com/lintel-run/lintel/runtime/problem"
)

// family is an app's own Meta with error codes.
func family(name, errors string) map[string]string {
	return map[string]string{name + "/e.json": `{"title":"Family","type":""}`, name + "/errors.json": errors}
}

func TestAMetaDeclaresTheCodesOfItsFamily(t *testing.T) {
	a := newApp(t, family("fax/Meta", `{"errors":{"FAX_BUSY":{"number":47001,"status":503,"text":"the line is busy","retryAfter":"always",
		"details":{"line":{"schema":{"type":"string"},"values":{"a":"b"},"otherwise":"c"}}}}}`))
	s := fine(t, a.load())
	require.Equal(t, errortable.Table{"FAX_BUSY": {Number: 47001, Status: 503, Text: "the line is busy", RetryAfter: errortable.Always,
		Details: map[string]errortable.Detail{"line": {Schema: map[string]any{"type": "string"}, Values: map[string]string{"a": "b"}, Otherwise: "c"}}}}, s.Errors)

	a.write("fax/Meta/errors.json", `{"errors":{}}`)
	require.Empty(t, fine(t, a.reload(0)).Errors)
	require.Len(t, s.Errors, 1, "a snapshot doesn't change")

	a.write("fax/Meta/errors.json", `{"errors":{"FAX_BUSY":{"number":47001,"status":503,"text":"busy"}}}`)
	fine(t, a.reload(0))
	a.write("fax/Meta/errors.json", `{"errors":`)
	s = a.reload(0)
	require.Len(t, s.Errors, 1, "the last good codes stay")
	require.True(t, s.Problems[0].Serving)
	require.Equal(t, "fax/Meta/errors.json", s.Problems[0].File)
}

func TestBadErrorCodesAreNamedWithTheirCure(t *testing.T) {
	for text, want := range map[string]struct {
		pointer, message string
	}{
		`{}`: {"", `"errors" is required`},
		`{"errors":{"FAX_BUSY":{"nummer":47001,"status":503,"text":"busy"}}}`:             {"/errors/FAX_BUSY/nummer", "number"},
		`{"errors":{"FAX_BUSY":{"number":20001,"status":503,"text":"busy"}}}`:             {"/errors/FAX_BUSY/number", "21000"},
		`{"errors":{"FAX_BUSY":{"number":47001,"status":200,"text":"busy"}}}`:             {"/errors/FAX_BUSY/status", "400"},
		`{"errors":{"FAX_BUSY":{"number":47001,"status":503}}}`:                           {"/errors/FAX_BUSY", `"text"`},
		`{"errors":{"fax":{"number":47001,"status":503,"text":"busy"}}}`:                  {"/errors/fax", "capital letters"},
		`{"errors":{"FORBIDDEN":{"number":47001,"status":403,"text":"no"}}}`:              {"/errors/FORBIDDEN", "a code of the runtime"},
		`{"errors":{"FAX":{"number":47001,"status":503,"text":"x","retryAfter":"soon"}}}`: {"/errors/FAX/retryAfter", "minute"},
	} {
		s := newApp(t, family("fax/Meta", text)).load()
		require.NotEmpty(t, s.Problems, text)
		p := s.Problems[0]
		require.Equal(t, problem.CodeErrors, p.Code, text)
		require.Equal(t, "fax/Meta/errors.json", p.File, text)
		require.Equal(t, want.pointer, p.Pointer, text)
		require.Contains(t, p.Message, want.message, text)
		require.Empty(t, s.Errors, text)
	}
}

func TestACodeOrNumberTakenTwiceNamesBothPlaces(t *testing.T) {
	a := newApp(t, with(family("fax/Meta", "{\n\"errors\":{\"FAX_BUSY\":{\"number\":47001,\"status\":503,\"text\":\"busy\"}}}"), family("mail/Meta", `{"errors":{
		"FAX_BUSY":{"number":47002,"status":503,"text":"busy"},
		"MAIL_BUSY":{"number":47001,"status":503,"text":"busy"},
		"MAIL_LATE":{"number":47003,"status":503,"text":"late"},
		"MAIL_SLOW":{"number":47003,"status":503,"text":"slow"}}}`)))
	s := a.load()
	require.Len(t, s.Problems, 2)
	for i, want := range []problem.Problem{
		{Line: 2, Pointer: "/errors/FAX_BUSY", Message: "FAX_BUSY is declared in fax/Meta/errors.json:2 too; give one of them another name"},
		{Line: 3, Pointer: "/errors/MAIL_BUSY", Message: "MAIL_BUSY has the number 47001 of FAX_BUSY in fax/Meta/errors.json:2; 47004 is free"},
	} {
		want.Element, want.Code, want.File, want.Serving = "mail.Meta", problem.CodeErrors, "mail/Meta/errors.json", true
		require.Equal(t, want, s.Problems[i])
	}
	require.Len(t, s.Errors, 3, "the first keeps what is taken twice; codes of one family may share a number")
	require.Equal(t, 47001, s.Errors["FAX_BUSY"].Number)
}
