package oracle

// wait waits until whatever is not answered is asked for again, and takes the requests.
func (p *player) wait() error {
	w, ok := p.sys.(Waiter)
	if !ok || p.sc.Again == 0 {
		return nil
	}
	if err := w.Wait(p.ctx, p.sc.Again); err != nil {
		return err
	}
	return p.settle()
}
