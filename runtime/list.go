package runtime

// List gives the definitions of all elements of the app in dir, those of its
// parents and of the official library included, in name order, and what is wrong
// with them. It starts nothing and touches no file.
func List(dir string, opts ...Option) ([]Define, []Problem, error) { panic("skeleton") }
