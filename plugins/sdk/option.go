package sdk

// FuncOption says more about a function.
type FuncOption interface{ setFunction(f *function) }

// PropOption says more about a property.
type PropOption interface{ setProperty(p *property) }

// Text is a title or a description; it fits functions, properties and Types.
type Text struct {
	text        string
	description bool
}

// Title is what people see in place of a name.
func Title(text string) Text { return Text{text: text} }

// Desc says in a sentence or two what it does.
func Desc(text string) Text { return Text{text: text, description: true} }

func (x Text) addTo(t *typeDef) {
	if x.description {
		t.desc = x.text
	} else {
		t.title = x.text
	}
}

func (x Text) setFunction(f *function) {
	if x.description {
		f.desc = x.text
	} else {
		f.title = x.text
	}
}

func (x Text) setProperty(p *property) {
	if !x.description {
		p.title = x.text
	}
}

type funcOption func(*function)

func (o funcOption) setFunction(f *function) { o(f) }

// ForAnyone offers the function to callers outside the app, signed in or not.
func ForAnyone() FuncOption {
	return funcOption(func(f *function) { f.exposed, f.login = true, false })
}

// ForSignedIn offers the function to callers outside the app who are signed in.
func ForSignedIn() FuncOption {
	return funcOption(func(f *function) { f.exposed, f.login = true, true })
}

// RunsToEnd lets a call go on when its caller gives up.
func RunsToEnd() FuncOption {
	return funcOption(func(f *function) { f.runsToEnd = true })
}

// Returned is the option that Returns gives; it fits functions and properties.
type Returned string

// Returns names the data type of the result where the Go type doesn't tell.
func Returns(dataType string) Returned {
	mustBeDataType("Returns", dataType)
	return Returned(dataType)
}

func (r Returned) setFunction(f *function) { f.returns = string(r) }
func (r Returned) setProperty(p *property) { p.dataType = string(r) }
