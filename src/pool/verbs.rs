//! What pools of values have in common.

/// The verbs of a pool that is [`Places`](super::home::Places) for values of `T`. The first argument is its generics, with a `T` among them.
macro_rules! pool_verbs {
    ({ $($generics:tt)* } $pool:ty) => {
        impl<$($generics)*> $pool {
            /// Puts `value` into the pool.
            ///
            /// # Panics
            ///
            /// If no place is free and no more can be had.
            #[inline(always)]
            #[track_caller]
            pub fn alloc(&self, value: T) -> $crate::PoolBox<T, &Self> {
                $crate::PoolBox::new_in(value, self)
            }

            /// [`alloc`](Self::alloc), giving the value back if there is no room.
            ///
            /// # Errors
            ///
            /// The value, and what stood in the way.
            #[inline(always)]
            pub fn try_alloc(&self, value: T) -> Result<$crate::PoolBox<T, &Self>, $crate::Rejected<T>> {
                $crate::PoolBox::try_new_in(value, self)
            }

            /// Puts what `make` returns into the pool, where possible without building it elsewhere first. If it panics, its place is free
            /// again.
            ///
            /// # Panics
            ///
            /// If no place is free and no more can be had; then `make` is not called.
            #[inline(always)]
            #[track_caller]
            pub fn alloc_with(&self, make: impl FnOnce() -> T) -> $crate::PoolBox<T, &Self> {
                let place = self.alloc_uninit();
                $crate::PoolBox::write(place, make())
            }

            /// [`alloc_with`](Self::alloc_with) where there may be no room; then `make` is not called.
            ///
            /// # Errors
            ///
            /// What stood in the way.
            #[inline(always)]
            pub fn try_alloc_with(
                &self,
                make: impl FnOnce() -> T,
            ) -> Result<$crate::PoolBox<T, &Self>, $crate::AllocError> {
                let place = self.try_alloc_uninit()?;
                Ok($crate::PoolBox::write(place, make()))
            }

            /// Room for a value, to be built there: what is large never goes over the stack.
            ///
            /// ```
            /// # use freehold::Pool;
            /// let pool = Pool::<[u8; 1 << 20]>::new();
            /// let mut place = pool.alloc_uninit();
            /// // SAFETY: all of them are written: zeros are bytes.
            /// unsafe { place.as_mut_ptr().write_bytes(0, 1) };
            /// // SAFETY: written just now.
            /// let value = unsafe { place.assume_init() };
            /// assert_eq!(value[1000], 0);
            /// ```
            ///
            /// # Panics
            ///
            /// If no place is free and no more can be had.
            #[inline(always)]
            #[track_caller]
            pub fn alloc_uninit(&self) -> $crate::PoolBox<core::mem::MaybeUninit<T>, &Self> {
                $crate::PoolBox::new_uninit_in(self)
            }

            /// [`alloc_uninit`](Self::alloc_uninit) where there may be no room.
            ///
            /// # Errors
            ///
            /// What stood in the way.
            #[inline(always)]
            pub fn try_alloc_uninit(
                &self,
            ) -> Result<$crate::PoolBox<core::mem::MaybeUninit<T>, &Self>, $crate::AllocError> {
                $crate::PoolBox::try_new_uninit_in(self)
            }
        }
    };
}

pub(super) use pool_verbs;
