// The contracts over zmtp:// within one thread.
import { wireContract } from './wire-contract.ts'

wireContract('zmtp')
