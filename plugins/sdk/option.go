package sdk

// FuncOption is an option of Func.
type FuncOption interface{ setFunction(f *function) }

// PropOption is an option of Prop.
type PropOption interface{ setProperty(p *property) }

// Text is a title or a description of a function, a property or a Type.
type Text struct {
	text        string
	description bool
}

// Title sets the name that people see.
func Title(text string) Text { return Text{text: text} }

// Desc sets the description, a sentence or two.
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

// ForAnyone lets anyone outside the app call the function, signed in or not.
func ForAnyone() FuncOption {
	return funcOption(func(f *function) { f.exposed, f.login = true, false })
}

// ForSignedIn lets signed-in users outside the app call the function.
func ForSignedIn() FuncOption {
	return funcOption(func(f *function) { f.exposed, f.login = true, true })
}

// Changes says that the function changes something: a request that is repeated under
// one Idempotency-Key calls it once, and gets the first answer again.
func Changes() FuncOption {
	return funcOption(func(f *function) { f.changes = true })
}

// RunsToEnd lets a call go on if its caller goes away. Its deadline stays. Such a
// function changes something, see Changes.
func RunsToEnd() FuncOption {
	return funcOption(func(f *function) { f.runsToEnd = true })
}

// Returned is the data type of a result; Returns makes one.
type Returned string

// Returns sets the data type of the result of a function or property, if it can't be
// derived from the Go type.
func Returns(dataType string) Returned {
	mustBeDataType("Returns", dataType)
	return Returned(dataType)
}

func (r Returned) setFunction(f *function) { f.returns = string(r) }
func (r Returned) setProperty(p *property) { p.dataType = string(r) }
