// Whether a key is the input method's: Safari sends the Enter that ends the composing after its end, as key 229.
export const isComposing = event => event.isComposing || event.keyCode === 229
